"""Use cases of stages: read where an incident stands, write that it reached a stage, release its legal hold.

A move is one row of the register with its journal line. Times written elsewhere (a notice sent, a duty fulfilled, a
closing) are moves too: they are read from their own rows, and never written twice.
"""

from collections.abc import Iterable
from datetime import datetime

from psycopg import Connection
from psycopg.errors import CheckViolation

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.errors import DismissedAloneError, FormError, IncidentMissingError
from tierce.incidents.model import Incident
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.rules import REASON_CHARACTERS_MAX, check_reasons
from tierce.incidents.register.service import Register
from tierce.incidents.rules import check_free_text
from tierce.incidents.states.model import STEPS, Move, Stage, Standing
from tierce.incidents.states.rules import check_move, standing
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Duty, Moment

_OWN_ROWS = {
    RowKind.CLOSED: Stage.CLOSED,
    RowKind.REOPENED: Stage.REOPENED,
    RowKind.HOLD_RELEASED: Stage.HOLD_RELEASED,
}
_MOMENTS = {
    str(Moment.CHECK): Stage.CHECK,
    str(Moment.AWARE): Stage.AWARE,
    str(Moment.NOTICE_SENT): Stage.NOTICES,
}
_DUTIES = {int(Duty.NOTICE): Stage.NOTICES, int(Duty.COMPLEMENT): Stage.COMPLEMENTS}
WRITTEN_HERE = frozenset(
    {Stage.CHECK, Stage.AWARE, Stage.CONTAINED, Stage.COHORTS, Stage.NOTICES, Stage.COMPLEMENTS, Stage.NOT_A_BREACH}
)
"""Stages that `States.move` writes; the others have their own use case."""


def moves_in(incident: Incident, rows: Iterable[Row], listed: datetime | None) -> list[Move]:
    """Every move, in the order written; what an incident's own row says comes first.

    `listed` is when its newest list was made, for those that were made before stages were written.
    """
    found = [move for row in rows if (move := _move(row)) is not None]
    reached = {move.stage for move in found}
    own = []
    if Stage.SIGNAL not in reached:
        own.append(Move(Stage.SIGNAL, incident.signal_at, incident.signal_at, "", ""))
    if incident.aware_at is not None and Stage.AWARE not in reached:
        own.append(
            Move(Stage.AWARE, incident.aware_at, incident.aware_at, incident.aware_by or "", incident.aware_why or "")
        )
    if listed is not None and Stage.SCOPED not in reached:
        own.append(Move(Stage.SCOPED, listed, listed, "", ""))
    return [*own, *found]


def _move(row: Row) -> Move | None:
    if row.kind is RowKind.MOVE:
        by = ", ".join(str(one) for one in (row.facts.get("asked_by"), row.by) if one)
        return Move(
            Stage(str(row.facts["stage"])), _time(row, "happened"), row.at, by, str(row.facts["why"]), row.number
        )
    if row.kind in _OWN_ROWS:
        return Move(_OWN_ROWS[row.kind], row.at, row.at, row.by, str(row.facts["text"]), row.number)
    stage = None
    if row.kind is RowKind.TIME:
        stage = _MOMENTS.get(str(row.facts["moment"]))
    elif (
        row.kind is RowKind.DUTY
        and row.facts["insurer"] == int(OPERATOR)
        and not (row.facts.get("undone") or row.facts.get("ended"))
    ):
        stage = _DUTIES.get(int(str(row.facts["duty"])))
    if stage is None:
        return None
    why = str(row.facts.get("why", row.facts.get("reasons", "")))
    return Move(stage, _time(row, "at"), row.at, row.by, why, row.number)


def _time(row: Row, name: str) -> datetime:
    found = row.facts[name]
    assert isinstance(found, int)
    return from_micros(found)


def move_facts(stage: Stage, happened: datetime, why: str, **more: object) -> dict[str, object]:
    """What a row says of a move."""
    return {"stage": str(stage), "happened": micros(happened), "why": why, **more}


class States:
    """The stages of incidents in one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register) -> None:
        """Write rows through `register`."""
        self._register = register

    def read(self, connection: Connection, number: IncidentId) -> Standing:
        """Where an incident stands.

        Raises:
            IncidentMissingError: there is no such incident.
            RegisterBrokenError: its register was changed outside this program.
        """
        return self._standing(connection, number, self._register.rows(connection, number))

    def _standing(self, connection: Connection, number: IncidentId, rows: list[Row]) -> Standing:
        incident = incident_rows.incident(connection, number)
        if incident is None:
            raise IncidentMissingError
        scope = incident_rows.last_scope(connection, number)
        return standing(moves_in(incident, rows, scope.at if scope else None))

    def move(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        stage: Stage,
        why: str = "",
        happened: datetime | None = None,
    ) -> Row:
        """Write that a stage was reached, now or at `happened`; both times are kept.

        Raises:
            FormError: the stage may not follow, its time cannot be, or what it asks to be said is missing.
            ReasonRefusedError: a reasoning that reasons nothing.
            RegisterClosedError: the incident is closed.
            DismissedAloneError: an established breach is none once two have written so: `Incidents.ask_dismissal`.
        """
        if stage not in WRITTEN_HERE:
            raise FormError("stage", Phrase("Choisissez l’étape atteinte.", "Choose the stage reached."))
        step = STEPS[stage]
        said = ""
        if step.reasoned:
            said = check_reasons("why", why)
        elif step.said or why.strip():
            said = check_free_text("why", why, most=REASON_CHARACTERS_MAX)

        def make(rows: list[Row], now: datetime) -> Facts:
            at = happened or now
            check_move(stage, at, now, self._standing(connection, number, rows).moves)
            asked = incident_rows.dismissal_asked(connection, number) if stage is Stage.NOT_A_BREACH else None
            second = asked is not None and asked.staff != caller.staff
            return move_facts(stage, at, said, **({"asked_by": asked.name} if asked and second else {}))

        try:
            return self._register.add(connection, caller, number, RowKind.MOVE, make)
        except CheckViolation as refused:
            if refused.diag.constraint_name != "dismissed_alone":
                raise
            raise DismissedAloneError(int(refused.diag.message_detail or 0)) from None

    def release_hold(self, connection: Connection, caller: StaffCaller, number: IncidentId, why: str) -> Row:
        """End the legal hold of a closed incident.

        Raises:
            RegisterClosedError: it is not closed.
            FormError: its hold was released already.
            ReasonRefusedError: the reasoning is empty or generic.
        """
        said = check_reasons("why", why)

        def make(rows: list[Row], now: datetime) -> Facts:
            check_move(Stage.HOLD_RELEASED, now, now, self._standing(connection, number, rows).moves)
            return {"text": said}

        return self._register.add(connection, caller, number, RowKind.HOLD_RELEASED, make)
