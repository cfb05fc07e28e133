"""The vectorised twin decides known and proved people exactly as the gate's own rule does, one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, line_of, professions, read_of
from tierce.gate.rules import PAIR_PROVED, decide
from tierce.kernel.care import Profession
from tierce.lab.arena.twin import observe_known, quiet
from tierce.policy.acts import Outcome, Presence
from tierce.policy.evidence import Observation, State, begin, observe
from tierce.policy.seats import DAY_LIMITS, known_limit

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


@given(professions, st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12), counts)
def test_the_evidence_of_many_known_people_is_that_of_each_in_turn(
    profession: Profession, before: list[tuple[int, bool, bool]], count: int
) -> None:
    state, day = begin(profession, TODAY), TODAY
    for gap, first, miss in before:
        day += gap
        state, _ = observe(state, Observation(day, first and not miss, miss, area=day % 7, prefix=day % 5))
    one_by_one: State = state
    for _ in range(count):
        one_by_one, _ = observe(one_by_one, Observation(day, first=False))
    at_once = observe_known(state, day, count) if count else state
    assert at_once._replace(bets=()) == one_by_one._replace(bets=())
    assert at_once.bets == pytest.approx(one_by_one.bets, rel=1e-9)
