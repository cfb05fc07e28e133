"""Freezing an audience, and counting it."""

import secrets
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter

from psycopg import Connection

from tierce.incidents.errors import ScopeMissingError
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import IncidentId, InsurerId, PersonId, new_id
from tierce.notices.audience import store
from tierce.notices.audience.model import Audience, Counts, Item, Pair
from tierce.notices.audience.rules import (
    AudienceDigest,
    binding,
    is_professional,
    item_of,
    reading_of,
    usable_email,
)
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.store import Contacts, Sealers
from tierce.notices.deliveries.model import Step
from tierce.notices.errors import (
    AlreadySendingError,
    AudienceEmptyError,
    AudienceMissingError,
    DoubtsLeftError,
    LettersWaitError,
)
from tierce.notices.lines import notice_line
from tierce.notices.mandates.model import Mandate
from tierce.policy.acts import Act

SALT_BYTES = 32
_Person = tuple[PersonId, InsurerId]
COUNTED = store.Steps(
    taken=(Step.ACCEPTED.value, Step.KNOWN.value),
    refused=Step.REFUSED.value,
    bounced=Step.BOUNCED.value,
)


@dataclass(slots=True)
class _Planning:
    """One audience on its way: read once to be sorted, read again in its order; never whole in memory."""

    connection: Connection
    contacts: Contacts
    incident: IncidentId
    revision: int
    on: date
    salt: bytes
    chunk: int
    sealers: Sealers = field(default_factory=Sealers)

    def read(self) -> int:
        """Sort every exposed pair, with the mandates of the day and the contact data of now; how many there are."""
        store.begin_planning(self.connection)
        count, mandates = 0, dict[InsurerId, Mandate | None]()
        for pairs in store.exposed_pairs(self.connection, self.incident, self.revision, self.chunk):
            count += len(pairs)
            unknown = {one.insurer for one in pairs if not is_professional(one)} - mandates.keys()
            mandates |= store.mandates(self.connection, unknown, self.on)
            known = self._known(pairs)
            store.keep_readings(self.connection, [reading_of(pair, mandates, known, self.salt) for pair in pairs])
        for some in store.failed_items(self.connection, self.incident, self.chunk):
            known = self._known([one.source for one in some])
            store.keep_failed(self.connection, [one for one in some if _is_unchanged(one, known)])
        store.place(self.connection, self.incident, self.revision)
        return count

    def plan(self, audience: int) -> tuple[int, bytes]:
        """Make the items, in order; gives how many, and the digest of the audience."""
        listed = store.list_digest(self.connection, self.incident, self.revision)
        digest, count = AudienceDigest(self.incident, self.revision, listed, self.salt), 0
        for chunk in store.placed(self.connection, self.chunk):
            known = self._known([one.pair for one in chunk])
            items = [self._item(number, tuple(group), known) for number, group in groupby(chunk, itemgetter(0))]
            for one in items:
                digest.item(one)
            store.keep_items(self.connection, audience, items)
            count += len(items)
        for pair, why in store.left(self.connection):
            digest.left(pair, why)
        return count, digest.digest()

    def _item(self, number: int, group: tuple[store.Placed, ...], known: dict[_Person, Contact]) -> Item:
        emails = (usable_email(known[one.pair.person, one.pair.insurer]) or "" for one in group if one.shared)
        shared = {email.casefold() for email in emails}
        failed = {one.pair: one.failed for one in group if one.failed is not None}
        pairs = tuple(one.pair for one in group)
        return item_of(number, pairs, known, shared, self.salt, on=self.on, failed=failed)

    def _known(self, pairs: list[Pair]) -> dict[_Person, Contact]:
        people = [(one.person, one.insurer) for one in pairs if not is_professional(one)]
        clients = [one.person for one in pairs if is_professional(one)]
        lent = self.contacts.of(self.connection, self.incident, people, self.sealers)
        found = {person: contact.on(self.on) for person, contact in lent.items()}
        return found | store.client_contacts(self.connection, clients) if clients else found


def _is_unchanged(failed: store.FailedItem, known: dict[_Person, Contact]) -> bool:
    """Whether an item would be tried with the very contact data that failed."""
    contact = known.get((failed.source.person, failed.source.insurer))
    return contact is not None and binding(failed.salt, contact) == failed.binding


def freeze(
    connection: Connection,
    contacts: Contacts,
    appender: Appender,
    clock: Clock,
    incident: IncidentId,
    *,
    print_again: bool = False,
    chunk: int = store.CHUNK,
) -> Audience:
    """Freeze the audience of the newest list, with its journal line, in one transaction of an autocommit connection.

    It is planned `chunk` pairs at a time, in tables of that transaction, and never whole in memory.

    Approvals name its digest. Whatever changes afterwards (a list, a mandate, an address) needs another audience, and
    nobody whom this one has told is in that one again, unless there is more to tell her. A letter that was printed
    tells nobody before it is posted, and a batch is of the newest audience or of none: what is printed is posted
    first, or `print_again` says that those batches are destroyed.

    Raises:
        ScopeMissingError: no list was computed yet.
        DoubtsLeftError: messages of an earlier audience are in doubt; settle them first.
        LettersWaitError: letters are printed and nobody wrote them posted.
        AlreadySendingError: messages of the last audience are leaving, or its letters are being printed.
        AudienceEmptyError: the list names nobody.
    """
    revision = store.last_revision(connection, incident)
    if not revision:
        raise ScopeMissingError
    now, salt = clock.now(), secrets.token_bytes(SALT_BYTES)
    with connection.transaction():
        if not store.alone(connection, incident):
            raise AlreadySendingError
        if store.doubts(connection, incident):
            raise DoubtsLeftError
        if not print_again and store.printed_not_posted(connection, incident):
            raise LettersWaitError
        planning = _Planning(connection, contacts, incident, revision, now.astimezone(PARIS).date(), salt, chunk)
        pairs, number = planning.read(), new_id()
        if not pairs:
            raise AudienceEmptyError
        items, digest = planning.plan(number)
        audience = Audience(number, incident, revision, digest, salt, pairs, items, now)
        line = notice_line(appender, Act.AUDIENCE_FROZEN, now, incident=incident)
        (seq,) = appender.write(connection, [line])
        store.insert(connection, audience, seq)
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
