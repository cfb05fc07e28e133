"""Which stage may follow what was reached: pure, over moves in the order they were written."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tierce.incidents.errors import FormError
from tierce.incidents.states.model import FURTHER, STEPS, Move, Stage, Standing
from tierce.kernel.language import Language, Phrase

_ORDERED = (Stage.SIGNAL, Stage.CHECK, Stage.AWARE, Stage.NOTICES, Stage.COMPLEMENTS)
"""Stages whose times follow each other; containment and lists have theirs where they happened."""


def stage_of(moves: Iterable[Move]) -> Stage:
    """Where an incident stands: closed, proved not to be a breach, else the furthest stage reached.

    Before awareness it stands at its signal or its check, whatever was done meanwhile.
    """
    furthest, closed, dismissed = Stage.SIGNAL, False, False
    moves = list(moves)
    aware = any(move.stage is Stage.AWARE for move in moves)
    for move in moves:
        if move.stage is Stage.CLOSED:
            closed = True
        elif move.stage is Stage.REOPENED:
            closed = False
        elif move.stage is Stage.NOT_A_BREACH:
            dismissed = True
        elif move.stage in FURTHER:
            dismissed = dismissed and move.stage is not Stage.AWARE
            if aware or move.stage is Stage.CHECK:
                furthest = max(furthest, move.stage, key=FURTHER.index)
    if closed:
        return Stage.CLOSED
    return Stage.NOT_A_BREACH if dismissed else furthest


def is_held(moves: Iterable[Move]) -> bool:
    """Whether the legal hold lasts: from the opening until it is released, and again from a reopening."""
    held = True
    for move in moves:
        if move.stage is Stage.HOLD_RELEASED:
            held = False
        elif move.stage is Stage.REOPENED:
            held = True
    return held


def allowed(moves: Sequence[Move]) -> tuple[Stage, ...]:
    """The stages that may be written next, in the order of the table."""
    reached, stands = {move.stage for move in moves}, stage_of(moves)
    return tuple(
        stage
        for stage, step in STEPS.items()
        if stands not in step.bars
        and all(group & reached for group in step.needs)
        and (step.again or stage not in reached)
        and (stage is not Stage.REOPENED or stands is Stage.CLOSED)
        and (stage is not Stage.HOLD_RELEASED or (stands is Stage.CLOSED and is_held(moves)))
    )


def check_move(stage: Stage, happened: datetime, now: datetime, moves: Sequence[Move]) -> None:
    """Refuse a move that the table does not allow, in the future, or out of the order of times.

    Raises:
        FormError: with the field `stage` or `happened`.
    """
    if stage not in allowed(moves):
        needs = STEPS[stage].needs
        fr, en = (
            ", ".join(STEPS[one].label[language].lower() for group in needs for one in sorted(group))
            for language in Language
        )
        reason = Phrase(
            f"Cette étape ne peut pas être écrite maintenant. Elle suppose : {fr}.",
            f"This stage cannot be written now. It needs: {en}.",
        )
        raise FormError("stage", reason)
    if happened > now:
        raise FormError("happened", Phrase("Cette heure est à venir.", "This time is in the future."))
    if stage not in _ORDERED:
        return
    place = _ORDERED.index(stage)
    for other in _ORDERED:
        at = _time_of(other, moves)
        if at is None or other is stage:
            continue
        before = _ORDERED.index(other) < place
        if happened < at if before else (stage is not Stage.NOTICES and happened > at):
            reason = Phrase(
                "Ces heures ne se suivent pas : signal, vérification, connaissance, notifications.",
                "These times are out of order: signal, check, awareness, notices.",
            )
            raise FormError("happened", reason)


def _time_of(stage: Stage, moves: Iterable[Move]) -> datetime | None:
    """When a stage was reached: the last correction, but the first of what is sent many times."""
    found = [move.happened for move in moves if move.stage is stage]
    if not found:
        return None
    return min(found) if stage in {Stage.NOTICES, Stage.COMPLEMENTS} else found[-1]


def standing(moves: Sequence[Move]) -> Standing:
    """Where an incident stands, from its moves."""
    return Standing(stage_of(moves), tuple(moves), allowed(moves), is_held(moves))
