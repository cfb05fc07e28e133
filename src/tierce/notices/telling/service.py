"""Use cases of telling insurers: what is due is told, sent, and goes to the next contact until it is acknowledged.

A notice waits for nothing but the list: neither for a score, nor for a decision on the risk,
which is the controller's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.incidents.form import prefill
from tierce.incidents.form.rules import empty_draft, value_facts, with_values
from tierce.incidents.model import Incident, InsurerCount, ScopeSummary
from tierce.incidents.register.errors import RegisterClosedError
from tierce.incidents.register.service import Register
from tierce.incidents.rules import incident_reference
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.kernel.alone import EachAlone
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import IncidentId, InsurerId, new_id
from tierce.notices import store as notice_rows
from tierce.notices.deliveries.model import Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.notices.errors import MailRefusedError, SliceMissingError
from tierce.notices.insurer_emptied import make_emptied_notice
from tierce.notices.insurer_notice import make_insurer_notice
from tierce.notices.lines import notice_line
from tierce.notices.model import Document, Emptied, InsurerSlice, Operator
from tierce.notices.service import facts_of
from tierce.notices.slices.rules import emptied, slice_for
from tierce.notices.slices.store import exposures
from tierce.notices.telling import rules, store
from tierce.notices.telling.model import (
    NO_INCIDENT,
    ContactPoint,
    InsurerWarning,
    Mail,
    Post,
    Standing,
    Turn,
    WarningKind,
)
from tierce.policy.acts import Act

UNWRITTEN = "unwritten"
"""Why a warning did not leave whose text cannot be made (storage/sql/aside.sql)."""


def encode_document(document: Document) -> str:
    """A document as the text that is kept."""
    return msgspec.json.encode(document, order="sorted").decode()


def decode_document(text: str) -> Document:
    """Read back what `encode_document` wrote."""
    return msgspec.json.decode(text, type=Document)


@dataclass(frozen=True, slots=True)
class Telling:
    """Telling insurers, in one process, over autocommit connections of role tierce_notices."""

    appender: Appender
    operator: Operator
    clock: Clock
    site: str
    """The insurers' site, as its staff know it."""

    def turn(self, connection: Connection, post: Post, hand_over: Callable[[IncidentId], int] = lambda _: 0) -> Turn:
        """Tell what is due, warn the next contacts, send; nothing is done while another process does its turn.

        Whatever fails for one incident or one insurer fails alone, and is raised once the others were told.
        """
        done, alone = Turn(), EachAlone(connection)
        if not store.take_turn(connection):
            return done
        try:
            for number in store.established(connection):
                with alone.one():
                    done.told += self.tell(connection, number)
                with alone.one():
                    done.received += self.receive(connection, number)
                with alone.one():
                    done.repeated += self.repeat(connection, number)
            with alone.one():
                done.sent, done.refused = self.send(connection, post)
            for number in store.established(connection):
                with alone.one():
                    done.handed_over += hand_over(number)
        finally:
            store.end_turn(connection)
        alone.done()
        return done

    def tell(self, connection: Connection, number: IncidentId) -> int:
        """Write the notice of every insurer that an incident's newest list has news for; returns how many."""
        incident, scope = (
            incident_rows.incident(connection, number),
            incident_rows.last_scope(connection, number),
        )
        if incident is None or incident.aware_at is None or scope is None:
            return 0
        told, alone = 0, EachAlone(connection)
        for insurer, before in store.to_tell(connection, scope).items():
            kind = WarningKind.COMPLEMENT if before else WarningKind.NOTICE
            with alone.one():
                try:
                    with connection.transaction():
                        self._freeze(connection, incident, scope, insurer, before)
                        told += self._warn(connection, number, scope.revision, insurer, kind)
                except Exception:
                    # It is due all the same, and frozen when it is sent: tried as often as any, then set aside.
                    with connection.transaction():
                        self._warn(connection, number, scope.revision, insurer, kind, failed=UNWRITTEN)
                    raise
        alone.done()
        return told

    def _freeze(
        self,
        connection: Connection,
        incident: Incident,
        scope: ScopeSummary,
        insurer: InsurerId,
        before: int,
    ) -> None:
        """Make the insurer's notice and the draft of its own form, and keep both as they are now."""
        now, name = self.clock.now(), notice_rows.insurers(connection)[insurer][1]
        part: InsurerSlice | Emptied = slice_for(
            scope.digest, insurer, name, exposures(connection, scope, insurer)
        ) or emptied(scope.digest, insurer, name, before)
        facts, day = facts_of(connection, incident, scope, now), now.astimezone(PARIS).date()
        reference = incident_reference(incident.id, incident.day)
        if isinstance(part, Emptied):
            read = None
            document = make_emptied_notice(facts, self.operator, part, reference, day)
            count = InsurerCount(part.insurer, 0, 0, DataCategory.NONE)
        else:
            read = (part.first_at, part.last_at)
            document = make_insurer_notice(facts, self.operator, part, reference, day, before)
            count = InsurerCount(part.insurer, part.persons, part.entries, part.categories)
        values = prefill.of_event(incident, read, ())
        values.pop("discovery", None)  # what staff typed, who may have named another insurer
        values |= prefill.of_insurer(part.name, count, None, self.operator.name, ())
        draft = with_values(empty_draft(part.insurer), values)
        values_said = {key: value_facts(value) for key, value in draft.values.items()}
        store.keep_document(
            connection, scope, part, encode_document(document), msgspec.json.encode(values_said).decode(), now
        )

    def receive(self, connection: Connection, number: IncidentId) -> int:
        """Write in the register when each insurer first acknowledged: its own delays run from there; how many."""
        register, received = Register(self.appender, self.clock), 0
        for heard in store.acknowledged(connection, number):

            def line(now: datetime, insurer: InsurerId = heard.insurer) -> Entry:
                return notice_line(self.appender, Act.NOTICE_RECEIVED, now, incident=number, insurer=insurer)

            try:
                received += register.add_received(connection, number, heard, line)
            except RegisterClosedError:
                return received
        return received

    def repeat(self, connection: Connection, number: IncidentId) -> int:
        """Warn the next contact of each notice that nobody acknowledged in time; returns how many."""
        now, chains, repeated = self.clock.now(), store.chains(connection), 0
        for insurer, standing in store.standings(connection, number).items():
            if standing.acknowledged_at is not None:
                continue
            contact = rules.next_contact(standing.warnings, chains.get(insurer, []), now)
            if contact is not None:
                repeated += self._next(connection, number, insurer, standing, contact)
        return repeated

    def _next(
        self,
        connection: Connection,
        number: IncidentId,
        insurer: InsurerId,
        standing: Standing,
        contact: ContactPoint,
    ) -> int:
        step = standing.warnings[-1].step + 1
        with connection.transaction():
            return self._warn(
                connection, number, standing.revision, insurer, standing.kind, contact=contact, step=step
            )

    def test(self, connection: Connection, insurer: InsurerId) -> int:
        """Send a test to the first contact of an insurer whose test is due; returns its number, 0 when none is."""
        now = self.clock.now()
        chain = store.chains(connection).get(insurer, [])
        due = next((one for one in chain if rules.is_test_due(one, now)), None)
        if due is None:
            return 0
        with connection.transaction():
            number = store.next_test(connection, insurer)
            self._warn(connection, NO_INCIDENT, number, insurer, WarningKind.TEST, contact=due)
        return number

    def _warn(
        self,
        connection: Connection,
        number: IncidentId,
        revision: int,
        insurer: InsurerId,
        kind: WarningKind,
        *,
        contact: ContactPoint | None = None,
        step: int = 1,
        failed: str | None = None,
    ) -> int:
        """Write one warning with its journal line, in the caller's transaction; `failed` when a try was in vain."""
        now = self.clock.now()
        if contact is None:
            contact = next(iter(self._chain(connection, insurer, now)), None)
        line = notice_line(self.appender, Act.INSURER_TOLD, now, incident=number, insurer=insurer)
        (seq,) = self.appender.write(connection, [line])
        to = contact.id if contact else None
        one = InsurerWarning(new_id(), number, revision, insurer, step, to, kind, now, 0, None, None)
        written = store.insert_warning(connection, one, seq)
        if failed is not None:
            store.refused(connection, one.id, failed, *rules.after_refusal(Verdict.RETRY, 0, now))
        return int(written)

    def _chain(self, connection: Connection, insurer: InsurerId, now: datetime) -> list[ContactPoint]:
        """An insurer's contacts; one that wrote none has the address of its own file, if it gave one."""
        found = store.chains(connection).get(insurer, [])
        address = store.first_addresses(connection).get(insurer)
        if not found and address:
            one = ContactPoint(0, insurer, 1, "Contact du fichier des organismes", "", address, "")
            store.put_chain(connection, insurer, [one], now)
            found = store.chains(connection)[insurer]
        return found

    def send(self, connection: Connection, post: Post) -> tuple[int, int]:
        """Send every warning whose time has come; returns how many the server took, and how many it refused.

        One that cannot be written is tried as often as one that is refused; then the next contact is warned.
        """
        taken = refused = 0
        alone = EachAlone(connection)
        for one, address in store.waiting(connection, self.clock.now(), ATTEMPTS_MAX):
            with alone.one():
                try:
                    mail = self._mail(connection, one, address)
                except Exception:
                    tries, again = rules.after_refusal(Verdict.RETRY, one.tries, self.clock.now())
                    store.refused(connection, one.id, UNWRITTEN, tries, again)
                    raise
                try:
                    post.send(mail)
                except MailRefusedError as error:
                    tries, again = rules.after_refusal(error.verdict, one.tries, self.clock.now())
                    store.refused(connection, one.id, str(error), tries, again)
                    refused += 1
                else:
                    store.sent(connection, one.id, self.clock.now())
                    taken += 1
        alone.done()
        return taken, refused

    def _mail(self, connection: Connection, one: InsurerWarning, address: str) -> Mail:
        name = f"{one.id:x}.notice@{self.operator.officer_email.rpartition('@')[2] or 'localhost'}"
        if one.kind is WarningKind.TEST:
            text = rules.test_text(self.operator, one.revision, one.due_at.astimezone(PARIS), self.site)
            subject = f"Essai nº {one.revision} de notification · Notice test no. {one.revision}"
            return Mail(self.operator.name, address, subject, text, name)
        document = decode_document(self._document(connection, one))
        subject = f"{document.reference} · {document.title.fr}"
        return Mail(self.operator.name, address, subject, rules.mail_text(document, self.site), name)

    def _document(self, connection: Connection, one: InsurerWarning) -> str:
        """The frozen notice; made now where it could not be when it was due, of the list that it tells of."""
        place = one.incident, one.revision, one.insurer
        kept = store.document_of(connection, *place)
        if kept is not None:
            return kept
        incident = incident_rows.incident(connection, one.incident)
        scopes = incident_rows.scopes(connection, one.incident)
        scope = next((each for each in scopes if each.revision == one.revision), None)
        if incident is None or scope is None:
            raise SliceMissingError
        with connection.transaction():
            self._freeze(connection, incident, scope, one.insurer, store.told_before(connection, *place))
        kept = store.document_of(connection, *place)
        if kept is None:
            raise SliceMissingError
        return kept
