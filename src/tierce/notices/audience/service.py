"""Freezing an audience, and counting it."""

import secrets
from datetime import date

from psycopg import Connection

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.errors import ScopeMissingError
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import IncidentId, new_id
from tierce.notices.audience import store
from tierce.notices.audience.model import Audience, Counts, Plan
from tierce.notices.audience.rules import audience_digest, bound, is_professional, plan
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries.model import Step
from tierce.notices.errors import AudienceEmptyError, AudienceMissingError, DoubtsLeftError
from tierce.notices.lines import notice_line
from tierce.policy.acts import Act

SALT_BYTES = 32
COUNTED = (Step.ACCEPTED.value, Step.REFUSED.value, Step.BOUNCED.value)


def planned(
    connection: Connection, contacts: Contacts, incident: IncidentId, revision: int, on: date, salt: bytes
) -> Plan:
    """What becomes of every exposed pair of a list, with the mandates of a day and the contact data of now."""
    pairs = store.exposed_pairs(connection, incident, revision)
    told = store.told_before(connection, incident, revision)
    insurers = {pair.insurer for pair in pairs if pair.insurer != OPERATOR}
    known = contacts.of(connection, incident, [(p.person, p.insurer) for p in pairs if not is_professional(p)])
    clients = [pair.person for pair in pairs if pair.cohort is Cohort.PROFESSIONALS]
    known = {**known, **store.client_contacts(connection, clients)}
    return bound(plan(pairs, store.mandates(connection, insurers, on), known, told), known, salt)


def freeze(
    connection: Connection, contacts: Contacts, appender: Appender, clock: Clock, incident: IncidentId
) -> Audience:
    """Freeze the audience of the newest list, with its journal line, in one transaction of an autocommit connection.

    Approvals name its digest. Whatever changes afterwards (a list, a mandate, an address) needs another audience, and
    nobody whom this one has told is in that one again, unless there is more to tell her.

    Raises:
        ScopeMissingError: no list was computed yet.
        DoubtsLeftError: messages of an earlier audience are in doubt; settle them first.
        AudienceEmptyError: the list names nobody.
    """
    revision = store.last_revision(connection, incident)
    if not revision:
        raise ScopeMissingError
    if store.doubts(connection, incident):
        raise DoubtsLeftError
    now, salt = clock.now(), secrets.token_bytes(SALT_BYTES)
    with connection.transaction():
        made = planned(connection, contacts, incident, revision, now.astimezone(PARIS).date(), salt)
        pairs = sum(len(item.pairs) for item in made.items) + len(made.left)
        if not pairs:
            raise AudienceEmptyError
        digest = audience_digest(incident, revision, store.list_digest(connection, incident, revision), salt, made)
        audience = Audience(new_id(), incident, revision, digest, salt, pairs, len(made.items), now)
        line = notice_line(appender, Act.AUDIENCE_FROZEN, now, incident=incident)
        (seq,) = appender.write(connection, [line])
        store.insert(connection, audience, made, seq)
    return audience


def newest(connection: Connection, incident: IncidentId) -> Audience:
    """The newest audience of an incident.

    Raises:
        AudienceMissingError: none was frozen yet.
    """
    found = store.newest(connection, incident)
    if found is None:
        raise AudienceMissingError
    return found


def counts(connection: Connection, audience: Audience) -> Counts:
    """Count an audience: exposed, matched, reachable, and where each adult stands."""
    return store.counts(connection, audience, COUNTED)
