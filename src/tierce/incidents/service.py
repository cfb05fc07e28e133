"""Use cases of an incident: open it, compute its exact list, show one of its people for a stated reason.

Each writes its journal line in the transaction of what it changes, and commits before it returns: nothing is
shown that the journal does not already tell of.
"""

from datetime import datetime, timedelta
from pathlib import Path

from psycopg import Connection
from psycopg.errors import CheckViolation, SerializationFailure, UniqueViolation

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents import store
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.errors import (
    AlreadyOpenedError,
    IncidentMissingError,
    ListReplacedError,
    ListShrinksError,
    PersonNotExposedError,
    ScopeMissingError,
    SmallerRefusedError,
)
from tierce.incidents.model import (
    Civil,
    DismissalAsk,
    Incident,
    ListPreview,
    OpenedOn,
    Purpose,
    ScopeSummary,
    SmallerAsk,
)
from tierce.incidents.register.model import RowKind
from tierce.incidents.register.rules import REASON_CHARACTERS_MAX
from tierce.incidents.register.service import Register
from tierce.incidents.rules import check_free_text
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import move_facts
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId, InsurerId, PersonId, SessionId, StaffId, new_id
from tierce.policy.acts import Act
from tierce.scope.model import SETTLE, Criteria, Exposure, Status
from tierce.scope.rules import check_criteria, is_over
from tierce.scope.service import computed
from tierce.scope.store import pending, writing_since

ATTEMPTS = 3
"""How often a list is made, when the incident's register was added to while it was."""
ITSELF = "Tierce"
"""Who made a list that was made again by itself, in the register."""
NAMED = DataCategory.CIVIL_STATUS | DataCategory.BIRTH_DATE | DataCategory.INSURER
"""What a member of staff reads of a person she shows, under one insurer."""


class Incidents:
    """The incident slice of one process."""

    def __init__(
        self, appender: Appender, records: store.Records, clock: Clock, segments: Path, settle: timedelta = SETTLE
    ) -> None:
        """Write lines through `appender`, open persons' records with `records`; sealed segments are in `segments`.

        Every connection given to a method is in autocommit mode: each use case is its own transaction.
        """
        self._appender = appender
        self._register = Register(appender, clock)
        self._records = records
        self._clock = clock
        self._segments = segments
        self._settle = settle

    def open(
        self,
        connection: Connection,
        caller: StaffCaller,
        *,
        title: str,
        signal_at: datetime,
        aware_why: str | None = None,
        on: OpenedOn | None = None,
    ) -> Incident:
        """Open an incident; with `aware_why`, the breach is established now, by this member of staff.

        `on` says on what; by default on nothing that anybody else could open one on.

        Raises:
            FreeTextError: the title or the reason is empty or holds a social security number.
            AlreadyOpenedError: another was opened on the same meanwhile; nothing is written.
        """
        now, on = self._clock.now(), on or OpenedOn(new_id())
        why = check_free_text("aware_why", aware_why) if aware_why else None
        number, begun = IncidentId(new_id()), min(signal_at, now)
        with connection.transaction():
            store.insert_incident(connection, number, check_free_text("title", title), begun)
            if not store.insert_opening(connection, number, on):
                known = store.opened_on(connection, on)
                assert known is not None
                raise AlreadyOpenedError(known)
            self._write(connection, caller, number, Stage.SIGNAL, begun)
            if why:
                self._write(connection, caller, number, Stage.AWARE, now, why)
        return self.incident(connection, number)

    def _write(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        stage: Stage,
        at: datetime,
        why: str = "",
    ) -> None:
        facts = move_facts(stage, at, why)
        act = Act.STAFF_INCIDENT_OPEN if stage is Stage.SIGNAL else None
        self._register.add(connection, caller, number, RowKind.MOVE, lambda _rows, _now: facts, act=act)

    def compute_scope(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        criteria: Criteria,
        *,
        instead_of: int | None = None,
    ) -> ScopeSummary:
        """Compute the exact list under the last checkpoint, store it as a new revision, and say so in the journal.

        A list of a window that is not over yet is of what was written by now: it says so, until it is made again.
        With `instead_of` it is made again by itself, where that revision is still the newest (`make_again`).

        Raises:
            CriteriaError: the criteria name nobody or no time.
            IncidentMissingError: there is no such incident.
            RegisterClosedError: the incident is closed: reopen it first.
            JournalBehindError: the journal has no checkpoint yet.
            SegmentsMissingError: a sealed segment cannot be read; nothing was kept.
            ListShrinksError: somebody whom the list before told of is on it no more: `ask_smaller`.
        """
        now = self._clock.now()
        check_criteria(criteria)
        self.incident(connection, number)
        for left in reversed(range(ATTEMPTS)):
            try:
                self._compute(connection, caller, number, criteria, now, instead_of)
            except (SerializationFailure, UniqueViolation):
                # Somebody wrote of this incident meanwhile: the list is made again, after what she wrote.
                if not left:
                    raise
            except CheckViolation as refused:
                if refused.diag.constraint_name != "list_shrinks":
                    raise
                raise ListShrinksError(int(refused.diag.message_detail or 0)) from None
            else:
                break
        return self.scope(connection, number)

    def make_again(self, connection: Connection, before: ScopeSummary) -> ScopeSummary:
        """Make the list of an incident again, with the criteria of the one `before`, in nobody's name.

        Its line and its row name this process; the row says how many pairs and accounts changed.

        Raises:
            ListReplacedError: another list came meanwhile.
            ListShrinksError: somebody would be on it no more.
            RegisterClosedError, JournalBehindError, SegmentsMissingError: as for `compute_scope`.
        """
        own = StaffCaller(StaffId(self._appender.instance), SessionId(0), ITSELF, frozenset())
        return self.compute_scope(connection, own, before.incident, before.criteria, instead_of=before.revision)

    def ask_smaller(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, criteria: Criteria, why: str
    ) -> ScopeSummary:
        """Ask for a list that some people are on no more; the one before holds until another confirms.

        A list that takes nobody away is kept at once.

        Raises:
            FreeTextError: the reason is empty or holds a social security number.
            SmallerRefusedError: another's waits.
            CriteriaError, IncidentMissingError, RegisterClosedError, JournalBehindError, SegmentsMissingError: as for
                `compute_scope`.
        """
        said = check_free_text("why", why)
        try:
            return self.compute_scope(connection, caller, number, criteria)
        except ListShrinksError as shrinks:
            gone = shrinks.gone
        ask = SmallerAsk(criteria, gone, said, caller.staff, caller.name, self._clock.now())
        self._ask(connection, caller, number, ask, Act.STAFF_SCOPE)
        return self.scope(connection, number)

    def ask_dismissal(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, gone: int, why: str
    ) -> None:
        """Ask that an established breach be none; its list of `gone` lines is told until another writes so too.

        Raises:
            FreeTextError: the reason is empty or holds a social security number.
            SmallerRefusedError: another's request waits.
        """
        said = check_free_text("why", why, most=REASON_CHARACTERS_MAX)
        ask = DismissalAsk(gone, said, caller.staff, caller.name, self._clock.now())
        self._ask(connection, caller, number, ask, Act.STAFF_INCIDENT_MOVE)

    def _ask(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        ask: SmallerAsk | DismissalAsk,
        act: Act,
    ) -> None:
        with connection.transaction():
            (seq,) = self._appender.write(connection, [staff_line(caller, act, ask.at, reference=number)])
            if not store.ask_smaller(connection, number, ask, seq):
                raise SmallerRefusedError

    def confirm_smaller(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, seen: datetime
    ) -> ScopeSummary:
        """Keep the smaller list that another asked for, as one has read what she asked at `seen`.

        Raises:
            SmallerRefusedError: nothing waits, it is one's own, was asked anew meanwhile, or would take others away.
            RegisterClosedError, JournalBehindError, SegmentsMissingError: as for `compute_scope`.
        """
        ask = store.smaller_asked(connection, number)
        if ask is None or ask.at != seen or ask.staff == caller.staff:
            raise SmallerRefusedError
        try:
            return self.compute_scope(connection, caller, number, ask.criteria)
        except ListShrinksError:
            raise SmallerRefusedError from None

    def _compute(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        criteria: Criteria,
        now: datetime,
        instead_of: int | None,
    ) -> None:
        writing = not is_over([criteria], now, writing_since(connection)) and is_over([criteria], now)
        with connection.transaction(), computed(connection, self._segments, [criteria], now - self._settle) as engine:
            waiting = pending(connection, [criteria], engine.head.tree.size)
            revision = store.insert_scope(connection, number, engine, waiting, now, writing=writing)
            if instead_of is not None and revision != instead_of + 1:
                raise ListReplacedError
            scope = self.scope(connection, number)
            facts = move_facts(Stage.SCOPED, now, "", revision=revision, digest=scope.digest.hex())
            if instead_of is not None:
                facts |= {"changed": cohort_rows.changed(connection, number, revision)}
            asked = store.smaller_asked(connection, number)
            if asked is not None and asked.criteria == criteria and asked.staff != caller.staff:
                facts |= {"asked_by": asked.name, "why": asked.why}
            self._register.add(
                connection, caller, number, RowKind.MOVE, lambda _rows, _now: facts, act=Act.STAFF_SCOPE
            )

    def preview(self, connection: Connection, criteria: Criteria) -> ListPreview:
        """Count whom a list would hold; nothing is stored, and nobody is named.

        Raises:
            CriteriaError: the criteria name nobody or no time.
            JournalBehindError: the journal has no checkpoint yet.
            SegmentsMissingError: a sealed segment cannot be read.
        """
        now, writing = self._clock.now(), writing_since(connection)
        with connection.transaction(), computed(connection, self._segments, [criteria], now - self._settle) as engine:
            totals = engine.totals()
            return ListPreview(
                totals[Status.CONFIRMED].persons,
                totals[Status.POSSIBLE].persons,
                totals[Status.EXCLUDED].persons,
                engine.head.whole and is_over([criteria], now, writing),
            )

    def incident(self, connection: Connection, number: IncidentId) -> Incident:
        """Read an incident.

        Raises:
            IncidentMissingError: there is no such incident.
        """
        found = store.incident(connection, number)
        if found is None:
            raise IncidentMissingError
        return found

    def scope(self, connection: Connection, number: IncidentId) -> ScopeSummary:
        """Read the newest revision of an incident's scope.

        Raises:
            ScopeMissingError: none was computed yet.
        """
        found = store.last_scope(connection, number)
        if found is None:
            raise ScopeMissingError
        return found

    def exposed(self, connection: Connection, number: IncidentId, person: PersonId, insurer: InsurerId) -> Exposure:
        """Read one person's line of the list.

        Raises:
            ScopeMissingError: no list was computed yet.
            PersonNotExposedError: she is not on it.
        """
        found = store.exposure(connection, self.scope(connection, number), person, insurer)
        if found is None:
            raise PersonNotExposedError
        return found

    def show_person(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        person: PersonId,
        insurer: InsurerId,
        purpose: Purpose,
        act: Act = Act.STAFF_PERSON_SHOW,
    ) -> Civil:
        """Show who a person of the list is: first the committed line with its purpose, then her record.

        Raises:
            PersonNotExposedError: she is not on the list, or the register no longer has her record.
        """
        self.exposed(connection, number, person, insurer)
        line = staff_line(
            caller,
            act,
            self._clock.now(),
            reference=number,
            person=person,
            insurer=insurer,
            categories=NAMED,
            purpose=purpose.value,
        )
        with connection.transaction():
            (seq,) = self._appender.write(connection, [line])
        with connection.transaction():
            copies = self._records.reveal(connection, seq)
        if insurer not in copies:
            raise PersonNotExposedError
        return copies[insurer]
