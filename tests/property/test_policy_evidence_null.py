"""False holds at the exact null: Ville's bound, with exact binomial limits on what a simulation may show."""

from itertools import product
from random import Random

import pytest

from tests.evidence_null import DAY, chance_of_as_many, rates_of, worst_of_a_year
from tierce.kernel.care import Profession
from tierce.policy.evidence import (
    ALPHA,
    BETS,
    HOLD_AT,
    OBSERVE_AT,
    STEP_UP_AT,
    YEAR_DAYS,
    Indicator,
    Observation,
    begin,
    observe,
)


def passed_too_often(years: int, seed: int) -> list[str]:
    """Thresholds that so many account-years at the null pass more often than the bound allows."""
    random = Random(seed)
    worst = [
        worst_of_a_year(random, (Profession.GP, Profession.NURSE)[year % 2], 1, of_area=year % 4 > 1)
        for year in range(years)
    ]
    assert max(worst) > 1, "evidence that never moves would pass too"
    found = []
    for threshold in (OBSERVE_AT, STEP_UP_AT, HOLD_AT):
        seen = sum(most >= threshold for most in worst)
        if chance_of_as_many(seen, years, 1 / threshold) < 1e-4:
            found.append(f"{seen} of {years} reached {threshold}")
    return found


def test_the_bound_of_false_holds_is_that_of_the_hold() -> None:
    assert ALPHA * HOLD_AT == 1


@pytest.mark.parametrize("profession", list(Profession))
@pytest.mark.parametrize("usual", [False, True])
def test_no_bet_on_an_honest_ask_has_a_mean_above_one(profession: Profession, usual: bool) -> None:
    """Bet by bet, over every ask that the rates at the caps allow: the mean of what it is multiplied by."""
    fresh = begin(profession, DAY)
    areas = tuple((area, 9) for area in range(1, 5)) if usual else ()
    state = fresh._replace(day=DAY, areas=areas, bets=(1.0,) * len(fresh.bets), prefixes=(7,))
    for of_area in (False, True):
        strange, away = rates_of(state, of_area=of_area)
        missed, alike = min(1, state.shares[Indicator.MISS] / 256 / strange), state.shares[Indicator.PREFIX] / 256
        familiar, _ = observe(state, Observation(DAY, first=False, area=1, prefix=9))
        mean = [(1 - strange) * bet for bet in familiar.bets]
        for miss, area, prefix in product((False, True), (1, 9), (7, 8)):
            chance = strange * (missed if miss else 1 - missed)
            chance *= (away if area == 9 else 1 - away) * (alike if prefix == 7 else 1 - alike)
            after, _ = observe(state, Observation(DAY, not miss, miss, area, prefix))
            mean = [sum_ + chance * bet for sum_, bet in zip(mean, after.bets, strict=True)]
        assert max(mean) <= 1 + 1e-9
        assert min(mean) > 0.2


def test_a_stranger_whose_place_is_not_known_counts_as_near() -> None:
    """What is bet on is decided before the ask: else she would spare the bet what a familiar person costs it."""
    state = begin(Profession.GP, DAY)._replace(areas=tuple((area, 9) for area in range(1, 5)))
    after, _ = observe(state, Observation(DAY, first=True))
    assert max(after.bets[-len(BETS[Indicator.ELSEWHERE]) :]) < 1 / YEAR_DAYS


def test_false_holds_stay_under_their_bound_at_the_exact_null() -> None:
    assert passed_too_often(250, 20_261_125) == []


@pytest.mark.slow
def test_false_holds_stay_under_their_bound_over_many_years() -> None:
    assert passed_too_often(10_000, 7) == []
