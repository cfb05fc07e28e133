"""False holds at the exact null: Ville's bound, with exact binomial limits on what a simulation may show."""

from random import Random

import pytest

from tests.evidence_null import chance_of_as_many, worst_of_a_year
from tierce.kernel.care import Profession
from tierce.policy.evidence import ALPHA, HOLD_AT, OBSERVE_AT, STEP_UP_AT


def check(years: int, seed: int) -> None:
    """So many account-years at the null pass no threshold more often than its bound allows."""
    random = Random(seed)
    worst = [worst_of_a_year(random, (Profession.GP, Profession.NURSE)[year % 2], 1) for year in range(years)]
    for threshold in (OBSERVE_AT, STEP_UP_AT, HOLD_AT):
        seen = sum(most >= threshold for most in worst)
        assert chance_of_as_many(seen, years, 1 / threshold) > 1e-4, f"{seen} of {years} reached {threshold}"
    assert max(worst) > 1, "evidence that never moves would pass too"


def test_the_bound_of_false_holds_is_that_of_the_hold() -> None:
    assert ALPHA * HOLD_AT == 1


def test_false_holds_stay_under_their_bound_at_the_exact_null() -> None:
    check(250, 20_261_125)


@pytest.mark.slow
def test_false_holds_stay_under_their_bound_over_many_years() -> None:
    check(10_000, 7)
