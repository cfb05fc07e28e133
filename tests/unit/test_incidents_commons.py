"""Common lines as staff see them: stored seats as they stand today, and how full that is."""

from tierce.incidents.commons.model import Common, open_by_day
from tierce.policy.ladder import Level
from tierce.policy.seats import SEAT_DAYS


def stored(day: int, drawn: dict[int, int]) -> list[int]:
    """Seats as gate.common keeps them, last touched on `day`."""
    seats = [0] * SEAT_DAYS
    for on, count in drawn.items():
        assert day - SEAT_DAYS < on <= day
        seats[on % SEAT_DAYS] = count
    return seats


def test_seats_of_a_line_that_slept_are_free_again_as_their_days_pass() -> None:
    seats = stored(1_000, {971: 4, 990: 3, 1_000: 2})
    assert sum(open_by_day(seats, 1_000, 1_000)) == 9
    assert open_by_day(seats, 1_000, 1_000)[-1] == 2
    assert sum(open_by_day(seats, 1_000, 1_001)) == 5
    assert open_by_day(seats, 1_000, 1_001)[-2:] == (2, 0)
    assert sum(open_by_day(seats, 1_000, 1_030)) == 0


def test_a_pool_is_as_full_as_its_day_and_a_line_as_its_open_seats() -> None:
    assert Common(Level.NATION, 0, "", 200, 50, ()).percent == 25
    assert Common(Level.VENDOR, 31, "", 200, 50, (100, 50)).percent == 75
    assert Common(Level.VENDOR, 31, "", 100, 50, (100, 50)).percent == 100, "a limit that shrank"
    assert Common(Level.CELL, 1, "", 0, 0, ()).percent == 0
