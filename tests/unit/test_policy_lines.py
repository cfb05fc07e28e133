"""How large an establishment's line is: by its desks, never more than the page says."""

import pytest

from tierce.kernel.care import Profession
from tierce.policy.lines import PLACE_DESKS_MAX, declared_misses, place_constants, place_of
from tierce.policy.seats import DAY_LIMITS, SEATS


@pytest.mark.parametrize(
    ("desks", "halves"), [(0, 0), (1, 2), (3, 6), (4, 8), (5, 9), (6, 10), (39, 43), (40, 44), (41, 44), (900, 44)]
)
def test_four_desks_count_whole_each_further_one_half_and_no_more_than_forty(desks: int, halves: int) -> None:
    for profession in Profession:
        one, place = SEATS[profession], place_constants(profession, desks)
        assert (place.a, place.top) == (one.a * halves // 2, one.top * halves // 2)
        assert place.b_percent == one.b_percent
        assert not place.probation
    assert place_constants(Profession.GP, PLACE_DESKS_MAX).a < PLACE_DESKS_MAX * SEATS[Profession.GP].a


@pytest.mark.parametrize(("desks", "times"), [(0, 0), (1, 1), (4, 4), (6, 5), (40, 22), (900, 22)])
def test_questions_that_find_nobody_grow_with_the_desks_and_no_further_than_forty(desks: int, times: int) -> None:
    for profession in Profession:
        alone = DAY_LIMITS[profession].declared_misses
        assert declared_misses(profession, desks) == times * alone


def test_each_profession_of_each_establishment_has_a_line_of_its_own() -> None:
    numbers = {place_of(establishment, profession) for establishment in (1, 2, 2**54) for profession in Profession}
    assert len(numbers) == 3 * len(Profession)
