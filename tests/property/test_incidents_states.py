"""The table of stages over all paths: no notice before awareness, no end without reasons, times in their order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.incidents.errors import FormError
from tierce.incidents.states.model import FURTHER, STEPS, Move, Stage
from tierce.incidents.states.rules import allowed, check_move, is_held, stage_of, standing

T0 = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
WISHES = st.lists(st.tuples(st.sampled_from(Stage), st.integers(-3, 40), st.integers(0, 5)), max_size=25)


def walked(wishes: list[tuple[Stage, int, int]]) -> list[Move]:
    """Try each wish in turn; what the rules refuse is not written."""
    moves, now = [Move(Stage.SIGNAL, T0, T0, "H.", "")], T0
    for stage, happened, later in wishes:
        now += timedelta(hours=later)
        at = T0 + timedelta(hours=happened)
        try:
            check_move(stage, at, now, moves)
        except FormError:
            continue
        moves.append(Move(stage, at, now, "H.", "Parce que."))
    return moves


@given(WISHES)
def test_no_path_reaches_a_notice_before_awareness(wishes: list[tuple[Stage, int, int]]) -> None:
    moves = walked(wishes)
    for place, move in enumerate(moves):
        if move.stage in {Stage.NOTICES, Stage.COMPLEMENTS}:
            before = [one for one in moves[:place] if one.stage is Stage.AWARE]
            assert before
            assert move.happened >= before[-1].happened


@given(WISHES)
def test_no_path_closes_what_nobody_became_aware_of_nor_proved_to_be_none(
    wishes: list[tuple[Stage, int, int]],
) -> None:
    moves = walked(wishes)
    for place, move in enumerate(moves):
        if move.stage is Stage.CLOSED:
            assert {one.stage for one in moves[:place]} & {Stage.AWARE, Stage.NOT_A_BREACH}


@given(WISHES)
def test_what_is_closed_takes_a_reopening_or_the_end_of_its_hold_and_nothing_else(
    wishes: list[tuple[Stage, int, int]],
) -> None:
    moves = walked(wishes)
    for place, move in enumerate(moves[1:], start=1):
        if stage_of(moves[:place]) is Stage.CLOSED:
            assert move.stage in {Stage.REOPENED, Stage.HOLD_RELEASED}
        else:
            assert move.stage not in {Stage.REOPENED, Stage.HOLD_RELEASED}


@given(WISHES)
def test_the_hold_lasts_from_the_signal_until_it_is_released_after_a_closing(
    wishes: list[tuple[Stage, int, int]],
) -> None:
    moves = walked(wishes)
    if not is_held(moves):
        last = [move.stage for move in moves if move.stage in {Stage.HOLD_RELEASED, Stage.REOPENED}][-1]
        assert last is Stage.HOLD_RELEASED
        assert stage_of(moves) is Stage.CLOSED


@given(WISHES)
def test_every_stage_that_may_come_next_can_be_written_now(wishes: list[tuple[Stage, int, int]]) -> None:
    moves = walked(wishes)
    now = max(move.happened for move in moves) + timedelta(days=9)
    found = standing(moves)
    assert found.next == allowed(moves)
    for stage in found.next:
        if stage is not Stage.CHECK:  # its time is before awareness: written late, at its own time
            at = now if stage is not Stage.AWARE or Stage.NOTICES not in {m.stage for m in moves} else T0
            if stage is Stage.AWARE:
                at = max(m.happened for m in moves if m.stage in {Stage.SIGNAL, Stage.CHECK})
            check_move(stage, at, now, moves)


@given(WISHES, st.sampled_from(FURTHER[1:]))
def test_a_stage_is_never_written_in_the_future(wishes: list[tuple[Stage, int, int]], stage: Stage) -> None:
    moves = walked(wishes)
    with pytest.raises(FormError):
        check_move(stage, moves[-1].written + timedelta(seconds=1), moves[-1].written, moves)


def test_n1_a_move_made_late_has_both_its_times() -> None:
    late = Move(Stage.CONTAINED, T0, T0 + timedelta(hours=5), "H.", "L'appareil est arrêté.")
    assert late.late
    assert not Move(Stage.CONTAINED, T0, T0 + timedelta(minutes=5), "H.", "").late


def test_n3_a_notice_waits_for_awareness_and_for_nothing_else() -> None:
    moves = [Move(Stage.SIGNAL, T0, T0, "H.", "")]
    assert Stage.NOTICES not in allowed(moves)
    moves.append(Move(Stage.AWARE, T0, T0, "H.", "Rafale."))
    assert Stage.NOTICES in allowed(moves)
    check_move(Stage.NOTICES, T0, T0, moves)


def test_proved_not_to_be_a_breach_stops_notices_until_it_is_one_after_all() -> None:
    moves = [Move(stage, T0, T0, "H.", "") for stage in (Stage.SIGNAL, Stage.CHECK, Stage.NOT_A_BREACH)]
    assert stage_of(moves) is Stage.NOT_A_BREACH
    assert Stage.NOTICES not in allowed(moves)
    assert Stage.CLOSED in allowed(moves)
    moves.append(Move(Stage.AWARE, T0, T0, "H.", "Un second appareil."))
    assert stage_of(moves) is Stage.AWARE
    assert Stage.NOTICES in allowed(moves)


def test_every_end_asks_for_its_reasons() -> None:
    assert {stage for stage, step in STEPS.items() if step.reasoned} == {
        Stage.CLOSED, Stage.NOT_A_BREACH, Stage.HOLD_RELEASED
    }  # fmt: skip
