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


def moved(*stages: Stage) -> list[Move]:
    """Moves of one second."""
    return [Move(stage, T0, T0, "H.", "Parce que.") for stage in stages]


def test_what_is_reopened_stands_where_it_stood_and_its_hold_is_released_once_it_is_closed_again_alone() -> None:
    closed = moved(Stage.SIGNAL, Stage.AWARE, Stage.SCOPED, Stage.CLOSED)
    assert Stage.HOLD_RELEASED in allowed(closed)
    assert Stage.HOLD_RELEASED not in allowed(closed[:-1])
    released = closed + moved(Stage.HOLD_RELEASED)
    assert Stage.HOLD_RELEASED not in allowed(released), "there is no hold to release"
    reopened = released + moved(Stage.REOPENED)
    assert stage_of(reopened) is Stage.SCOPED
    assert is_held(reopened)
    assert Stage.HOLD_RELEASED not in allowed(reopened)
    assert Stage.HOLD_RELEASED in allowed(reopened + moved(Stage.CLOSED))


def test_the_furthest_stage_counts_whatever_was_written_after_it() -> None:
    assert stage_of(moved(Stage.SIGNAL, Stage.CONTAINED)) is Stage.SIGNAL, "before awareness"
    assert stage_of(moved(Stage.SIGNAL, Stage.CHECK, Stage.CONTAINED)) is Stage.CHECK
    assert stage_of(moved(Stage.SIGNAL, Stage.AWARE, Stage.NOTICES, Stage.CONTAINED)) is Stage.NOTICES


def test_a_complement_needs_awareness_and_a_notice() -> None:
    assert Stage.COMPLEMENTS in allowed(moved(Stage.SIGNAL, Stage.AWARE, Stage.NOTICES))
    assert Stage.COMPLEMENTS not in allowed(moved(Stage.SIGNAL, Stage.AWARE))
    assert Stage.COMPLEMENTS not in allowed(moved(Stage.SIGNAL, Stage.NOTICES))


def placed(**hours: int) -> list[Move]:
    """Moves at these hours, all written at the tenth."""
    written = T0 + timedelta(hours=10)
    return [Move(Stage(name), T0 + timedelta(hours=hour), written, "H.", "") for name, hour in hours.items()]


@pytest.mark.parametrize(
    ("moves", "stage", "hour", "fits"),
    [
        (placed(signal=1), Stage.AWARE, 1, True),
        (placed(signal=1), Stage.AWARE, 0, False),
        (placed(signal=1, check=3), Stage.AWARE, 2, False),
        (placed(signal=1, aware=3), Stage.CHECK, 3, True),
        (placed(signal=1, aware=3), Stage.CHECK, 4, False),
        (placed(signal=1, aware=3, notices=5), Stage.AWARE, 2, True),
        (placed(signal=1, aware=3, notices=5), Stage.AWARE, 5, True),
        (placed(signal=1, aware=3, notices=5), Stage.AWARE, 6, False),
        (placed(signal=1, aware=3), Stage.NOTICES, 2, False),
        (placed(signal=1, aware=3, notices=5, complements=6), Stage.NOTICES, 8, True),
        (placed(signal=1, aware=3, notices=5), Stage.COMPLEMENTS, 4, False),
        (placed(signal=1, aware=3), Stage.CONTAINED, 0, True),
        (placed(signal=1), Stage.AWARE, 10, True),
        (placed(signal=1), Stage.AWARE, 11, False),
    ],
)
def test_the_times_of_signal_check_awareness_and_notices_follow_each_other(
    moves: list[Move], stage: Stage, hour: int, fits: bool
) -> None:
    at, now = T0 + timedelta(hours=hour), T0 + timedelta(hours=10)
    if fits:
        check_move(stage, at, now, moves)
        return
    with pytest.raises(FormError) as refused:
        check_move(stage, at, now, moves)
    assert refused.value.field == "happened"


@pytest.mark.parametrize("first", [4, 7])
def test_awareness_comes_before_the_first_notice_and_is_what_was_corrected_last(first: int) -> None:
    moves = placed(signal=1, aware=3, notices=first)
    moves += placed(notices=11 - first)
    now = T0 + timedelta(hours=10)
    check_move(Stage.AWARE, T0 + timedelta(hours=4), now, moves)
    with pytest.raises(FormError):
        check_move(Stage.AWARE, T0 + timedelta(hours=5), now, moves)
    late = [*placed(signal=1, aware=3, notices=9, complements=5), *placed(complements=8)]
    check_move(Stage.AWARE, T0 + timedelta(hours=5), now, late)
    with pytest.raises(FormError):
        check_move(Stage.AWARE, T0 + timedelta(hours=6), now, late)
    corrected = [*placed(signal=1, aware=5), *placed(aware=3)]
    check_move(Stage.NOTICES, T0 + timedelta(hours=4), now, corrected)
    with pytest.raises(FormError):
        check_move(Stage.NOTICES, T0 + timedelta(hours=4), now, [*placed(signal=1, aware=3), *placed(aware=5)])
