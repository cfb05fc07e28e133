"""Use cases of the notices: make an insurer's notice, make one person's letter, check a letter's reference."""

from datetime import date, datetime

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.model import Incident, Purpose, ScopeSummary
from tierce.incidents.rules import incident_reference
from tierce.incidents.service import Incidents
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, Clock, from_micros
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Phrase
from tierce.notices import store
from tierce.notices.errors import IncidentNotAwareError, SliceMissingError
from tierce.notices.insurer_notice import make_insurer_notice
from tierce.notices.letter import make_letter, representative_of
from tierce.notices.model import Document, Facts, Measure, MeasureKind, Operator, ReadOfHer, Subject
from tierce.notices.rules import is_minor, letter_reference
from tierce.notices.slices.rules import slice_for
from tierce.policy.acts import Act


class Notices:
    """The notices slice of one process."""

    def __init__(self, incidents: Incidents, appender: Appender, operator: Operator, clock: Clock) -> None:
        """Write in the name of `operator`; connections are in autocommit mode, as for Incidents."""
        self._incidents = incidents
        self._appender = appender
        self.operator = operator
        self._clock = clock

    def insurer_notice(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, insurer: InsurerId
    ) -> Document:
        """Make one insurer's notice from the newest list; it is dated of the day it was first made.

        Raises:
            IncidentNotAwareError: nobody wrote yet when and why the breach was established.
            ScopeMissingError: no list was computed yet.
            SliceMissingError: the insurer has nobody on the list.
            TextRefusedError: the text would be empty or vague.
        """
        now = self._clock.now()
        incident, scope = self._incidents.incident(connection, number), self._incidents.scope(connection, number)
        facts = facts_of(connection, incident, scope, self._clock.now())
        name = store.insurer_name(connection, insurer)
        rows = incident_rows.exposures(connection, scope, insurer=insurer)
        part = slice_for(scope.digest, insurer, name, rows) if name else None
        if part is None:
            raise SliceMissingError
        with connection.transaction():
            made = store.keep_notice(connection, scope, part, now)
            before = store.told_before(connection, scope, insurer)
            line = staff_line(caller, Act.STAFF_NOTICE_SHOW, now, reference=number, insurer=insurer)
            self._appender.write(connection, [line])
        reference = incident_reference(incident.id, incident.day)
        return make_insurer_notice(facts, self.operator, part, reference, made.astimezone(PARIS).date(), before)

    def letter(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        person: PersonId,
        insurer: InsurerId,
    ) -> Document:
        """Make one person's letter: the journal first says that a member of staff reads her name.

        Raises:
            IncidentNotAwareError: nobody wrote yet when and why the breach was established.
            PersonNotExposedError: she is not on the list, or the register no longer has her record.
            TextRefusedError: the text would be empty, vague, or name the professional or the place of care.
        """
        incident, scope = self._incidents.incident(connection, number), self._incidents.scope(connection, number)
        facts = facts_of(connection, incident, scope, self._clock.now())
        exposure = self._incidents.exposed(connection, number, person, insurer)
        insurer_name = store.insurer_name(connection, insurer)
        if insurer_name is None:
            raise SliceMissingError
        civil = self._incidents.show_person(
            connection,
            caller,
            number,
            person=person,
            insurer=insurer,
            purpose=Purpose.PREPARE_LETTER,
            act=Act.STAFF_LETTER_SHOW,
        )
        today = self._today()
        minor = is_minor(civil.birth_date, today)
        read = ReadOfHer(
            insurer_name=insurer_name,
            categories=exposure.categories,
            first_at=from_micros(exposure.first_us),
            last_at=from_micros(exposure.last_us),
            entries=exposure.entries,
        )
        return make_letter(
            facts=facts,
            operator=self.operator,
            recipient=representative_of(civil.full_name) if minor else Phrase(civil.full_name, civil.full_name),
            subjects=(Subject(civil.full_name if minor else None, (read,)),),
            reference=letter_reference(scope.digest, person, insurer),
            dated=today,
            forbidden=store.names_behind(connection, person),
        )

    def knows_reference(self, connection: Connection, number: IncidentId, reference: str) -> bool:
        """Tell whether a reference somebody quotes is that of a letter of this incident; it tells of nobody.

        Of any of its lists: a letter that was posted, or what its insurer was handed, may be of an earlier one.

        Raises:
            ScopeMissingError: no list was computed yet.
        """
        self._incidents.scope(connection, number)
        said = "".join(reference.upper().split()).replace("-", "")
        return any(
            letter_reference(scope.digest, one.person, one.insurer).replace("-", "") == said
            for scope in reversed(incident_rows.scopes(connection, number))
            for one in incident_rows.exposures(connection, scope)
        )

    def _today(self) -> date:
        return self._clock.now().astimezone(PARIS).date()


def facts_of(connection: Connection, incident: Incident, scope: ScopeSummary, now: datetime) -> Facts:
    """What is established about an incident, as every document states it.

    Raises:
        IncidentNotAwareError: nobody wrote yet when and why the breach was established.
    """
    if incident.aware_at is None:
        raise IncidentNotAwareError
    measures = []
    hold = store.hold_of(connection, scope.criteria)
    if hold is not None:
        ended = hold.until if hold.until <= now else None
        measures.append(Measure(MeasureKind.ACCESS_HELD, hold.since, ended))
    out = store.sessions_ended(connection, scope.criteria.staff, now)
    if out is not None:
        measures.append(Measure(MeasureKind.ACCESS_ENDED, out))
    measures.append(Measure(MeasureKind.LIST_COMPUTED, scope.at))
    return Facts(
        incident=incident.id,
        revision=scope.revision,
        signal_at=incident.signal_at,
        aware_at=incident.aware_at,
        tree_size=scope.tree.size,
        digest=scope.digest,
        gaps=scope.untold,
        unattributed=scope.unattributed,
        measures=tuple(measures),
        by_staff=bool(scope.criteria.staff),
    )
