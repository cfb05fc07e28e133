"""False holds at the exact null: Ville's bound, with exact binomial limits on what a simulation may show."""

from random import Random

import pytest

from tests.evidence_null import chance_of_as_many, worst_of_a_year
from tierce.kernel.care import Profession
from tierce.policy.evidence import ALPHA, HOLD_AT, OBSERVE_AT, STEP_UP_AT


def passed_too_often(years: int, seed: int) -> list[str]:
    """Thresholds that so many account-years at the null pass more often than the bound allows."""
    random = Random(seed)
    worst = [worst_of_a_year(random, (Profession.GP, Profession.NURSE)[year % 2], 1) for year in range(years)]
    assert max(worst) > 1, "evidence that never moves would pass too"
    found = []
    for threshold in (OBSERVE_AT, STEP_UP_AT, HOLD_AT):
        seen = sum(most >= threshold for most in worst)
        if chance_of_as_many(seen, years, 1 / threshold) < 1e-4:
            found.append(f"{seen} of {years} reached {threshold}")
    return found


def test_the_bound_of_false_holds_is_that_of_the_hold() -> None:
    assert ALPHA * HOLD_AT == 1


def test_false_holds_stay_under_their_bound_at_the_exact_null() -> None:
    assert passed_too_often(250, 20_261_125) == []


@pytest.mark.slow
def test_false_holds_stay_under_their_bound_over_many_years() -> None:
    assert passed_too_often(10_000, 7) == []
