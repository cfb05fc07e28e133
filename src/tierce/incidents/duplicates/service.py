"""Use case: close an incident as the same event as another, which goes on with the earlier times of both.

All of it is one transaction: the rows of both registers with their journal lines, or none.
"""

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.clocks.service import times_of
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.duplicates.rules import carried
from tierce.incidents.errors import FormError, IncidentMissingError
from tierce.incidents.model import Incident
from tierce.incidents.register import store as register_rows
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.rules import check_reasons, is_closed
from tierce.incidents.register.service import Register
from tierce.incidents.rules import incident_reference
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Moment


class Duplicates:
    """Duplicates in one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register) -> None:
        """Write rows through `register`."""
        self._register = register

    def close(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, first: IncidentId, why: str
    ) -> Row:
        """Close an incident as the same event as `first`, which is open and goes on.

        What the closed one has earlier, its signal and its awareness, is written of `first` too: clocks run from the
        earlier of both. Its own duties end with it, since they are those of `first`.

        Raises:
            ReasonRefusedError: the reasoning is empty or generic.
            FormError: `first` is this one or closed, or somebody is on a list of this one.
            IncidentMissingError: there is no such incident.
            RegisterClosedError: this one is closed already.
        """
        said = check_reasons("same_why", why)
        if first == number:
            raise FormError("same", Phrase("C’est cet événement-ci.", "It is this very event."))
        with connection.transaction():
            # In one order: two people who close each as the other do not wait in a ring.
            for one in sorted((number, first)):
                register_rows.lock(connection, one)
            if is_closed(self._register.rows(connection, first)):
                raise FormError(
                    "same",
                    Phrase(
                        "Celui-là est clos : rouvrez-le, ou choisissez-en un qui est ouvert.",
                        "That one is closed; reopen it, or choose one that is open.",
                    ),
                )
            self._refuse_list(connection, number)
            mine, theirs = self._incident(connection, number), self._incident(connection, first)
            self._carry(connection, caller, mine, theirs)
            joined: Facts = {"text": said, "incident": int(number), "reference": _reference(mine)}
            self._say(connection, caller, first, RowKind.JOINED, joined)
            closed: Facts = {"text": said, "same_as": int(first), "reference": _reference(theirs)}
            return self._say(connection, caller, number, RowKind.CLOSED, closed)

    def _carry(self, connection: Connection, caller: StaffCaller, mine: Incident, theirs: Incident) -> None:
        times = times_of(mine, self._register.rows(connection, mine.id))
        if mine.dismissed_at is not None:
            times.pop((Moment.AWARE, OPERATOR), None)
        for moment, at in carried(times, times_of(theirs, self._register.rows(connection, theirs.id))):
            known = f"{mine.aware_why} " if moment is Moment.AWARE and mine.aware_why else ""
            facts: Facts = {
                "moment": str(moment), "insurer": int(OPERATOR), "at": micros(at),
                "why": f"{known}({_reference(mine)}, le même événement)",
            }  # fmt: skip
            self._say(connection, caller, theirs.id, RowKind.TIME, facts)

    def _say(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, kind: RowKind, facts: Facts
    ) -> Row:
        return self._register.add(connection, caller, number, kind, lambda _rows, _now: facts)

    def _refuse_list(self, connection: Connection, number: IncidentId) -> None:
        """Whoever is on a list is told of this incident, by its number and list: it does not end as another's."""
        scope = incident_rows.last_scope(connection, number)
        if scope is None:
            return
        cohorts = cohort_rows.cohorts(connection, number, scope.revision)
        if scope.persons or scope.possible or any(one.persons for one in cohorts):
            raise FormError(
                "same",
                Phrase(
                    "Des personnes sont sur la liste de cet événement-ci, et prévenues par elle. Clôturez plutôt"
                    " l’autre comme doublon de celui-ci s’il n’a pas de liste ; sinon, menez les deux à leur terme.",
                    "People are on this event’s list, and told by it. Close the other as the same as this one"
                    " instead, if it has no list; else see both through.",
                ),
            )

    def _incident(self, connection: Connection, number: IncidentId) -> Incident:
        found = incident_rows.incident(connection, number)
        if found is None:
            raise IncidentMissingError
        return found


def _reference(incident: Incident) -> str:
    return incident_reference(incident.id, incident.day)
