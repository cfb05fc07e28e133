"""The twin decides what takes no place without a card exactly as the gate's own rule does, one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, line_of, professions, read_of
from tierce.gate.model import DeclaredLines
from tierce.gate.rules import PAIR_PROVED, decide
from tierce.kernel.care import Profession
from tierce.lab.arena.twin import declared_asks, observe_known, prove_all, quiet
from tierce.policy.acts import Outcome, Presence
from tierce.policy.evidence import Observation, State, begin, observe
from tierce.policy.lines import declared_constants, declared_misses
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    PROBATION_DAYS,
    SEAT_DAYS,
    Line,
    cap_of,
    has_room,
    known_limit,
    prove,
)

counts = st.integers(0, 60)
spent = st.floats(0, 1)


@given(professions, st.lists(st.tuples(spent, spent, counts, counts), min_size=1, max_size=4))
def test_a_day_of_known_and_proved_people_is_what_the_gate_decides_one_by_one(
    profession: Profession, desks: list[tuple[float, float, int, int]]
) -> None:
    limits = DAY_LIMITS[profession]
    starts = [(int(tried * limits.attempts), int(shown * limits.known)) for tried, shown, _, _ in desks]
    lines = [line_of(profession, attempts=attempts, known=known) for attempts, known in starts]
    attempts, shown = (np.array(column) for column in zip(*starts, strict=True))
    proved, known = (np.array([desk[n] for desk in desks]) for n in (2, 3))
    known_max = np.array([known_limit(line, profession) for line in lines])
    told = quiet(attempts, shown, proved, known, np.full(len(desks), limits.attempts), known_max)
    for n, begun in enumerate(lines):
        line, outcomes = begun, []
        for pair in range(proved[n] + known[n]):
            presence = (Presence.VERIFIED, Presence.DECLARED)[pair % 2] if pair < proved[n] else Presence.NONE
            ask = ask_of(caller(profession), pair=pair, presence=presence)
            verdict = decide(ask, read_of(pair=pair, state=PAIR_PROVED, day=TODAY - 30), line, TODAY)
            line = verdict.line
            outcomes.append((presence, verdict.outcome))
        assert told.attempts[n] == line.attempts
        assert told.shown[n] == outcomes.count((Presence.NONE, Outcome.RELEASED))
        assert told.stepped[n] == outcomes.count((Presence.NONE, Outcome.KNOWN_LIMIT))
        assert told.refused[n] == sum(outcome is Outcome.OUT_OF_ATTEMPTS for _, outcome in outcomes)
        assert shown[n] + told.shown[n] == line.known


@given(
    professions,
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12),
    counts,
)
def test_the_evidence_of_many_known_people_is_that_of_each_in_turn(
    profession: Profession, usual: bool, before: list[tuple[int, bool, bool]], count: int
) -> None:
    state, day = begin(profession, TODAY), TODAY
    if usual:
        state = state._replace(areas=((1, 9), (2, 9), (3, 9), (4, 9)))
    for gap, first, miss in before:
        day += gap
        state, _ = observe(state, Observation(day, first and not miss, miss, area=day % 7, prefix=day % 5))
    one_by_one: State = state
    for _ in range(count):
        one_by_one, _ = observe(one_by_one, Observation(day, first=False))
    at_once = observe_known(state, day, count) if count else state
    assert at_once._replace(bets=()) == one_by_one._replace(bets=())
    assert at_once.bets == pytest.approx(one_by_one.bets, rel=1e-9)


few = st.integers(0, 12)
many = st.tuples(few, few)


def _card_line(a: int, free: tuple[int, int], misses: int) -> Line:
    """A declared line of limit `a` with so many places free in all and today, and so many misses of the day."""
    seats = [0] * SEAT_DAYS
    seats[TODAY % SEAT_DAYS] = today = max(0, cap_of(a) - free[1])
    seats[(TODAY - 3) % SEAT_DAYS] = max(0, a - free[0] - today)
    return Line(TODAY, TODAY - PROBATION_DAYS, a, today, misses, 0, 9, 0, 0, 0, tuple(seats), 1)


@given(
    professions,
    st.booleans(),
    st.tuples(many, many),
    st.integers(-4, 30),
    st.tuples(few, few, st.integers(1, 6)),
    many,
)
def test_a_day_of_declared_readings_is_what_the_gate_decides_one_by_one(
    profession: Profession,
    young: bool,
    free: tuple[tuple[int, int], tuple[int, int]],
    left: int,
    there: tuple[int, int, int],
    asked: tuple[int, int],
) -> None:
    *misses_left, desks = there
    found, missed = asked[0] // 3, asked[1]  # few who are found, or no place is left for a miss to pass
    limits = DAY_LIMITS[profession]
    attempts_max = limits.attempts
    line = line_of(profession, attempts=attempts_max - left, known=3)
    if young:
        line = replace(line, since=TODAY, proofs=0)
    most_there = declared_misses(profession, desks)
    misses, misses_there = (
        max(0, most - left) for most, left in zip((limits.declared_misses, most_there), misses_left, strict=True)
    )
    lines = DeclaredLines(
        _card_line(DECLARED[profession].a, free[0], misses),
        _card_line(declared_constants(profession, desks).a, free[1], misses_there),
    )
    told = declared_asks(line, lines, found, missed, (attempts_max, limits.declared_misses, most_there))
    asks = [True] * found + [False] * missed
    passed = [True] * told.found + [False] * told.missed
    assert told.found == found or told.missed == 0, "nobody is passed over"
    assert asks[: len(passed)] == passed
    for pair, here in enumerate(passed, start=1):
        ask = ask_of(caller(profession), pair=pair, presence=Presence.DECLARED)
        verdict = decide(
            ask,
            read_of(pair=pair, person=7 if here else 0),
            line,
            TODAY,
            desks=desks,
            declared=lines,
        )
        assert verdict.outcome is (Outcome.RELEASED if here else Outcome.UNKNOWN)
        assert verdict.seats == 0
        line = verdict.line
        if verdict.declared is not None:
            lines = verdict.declared
    assert (line, lines) == (told.line, told.lines)
    if len(passed) < len(asks):
        used_up = lines.own.attempts >= limits.declared_misses or lines.place.attempts >= most_there
        full = not (has_room(lines.own) and has_room(lines.place))
        assert full or used_up or line.attempts >= attempts_max, "the twin stops where the rule would"


@given(professions, st.lists(st.integers(0, 45), max_size=40), st.integers(0, 50), st.integers(0, 3))
def test_invoices_of_a_day_at_once_are_those_of_each_in_turn(
    profession: Profession, ages: list[int], since: int, held: int
) -> None:
    begun = replace(line_of(profession), since=TODAY - since, proofs=0, seats=(held,) * SEAT_DAYS)
    one_by_one = begun
    for age in ages:
        one_by_one = prove(one_by_one, TODAY - age)
    assert prove_all(begun, [TODAY - age for age in ages]) == one_by_one
