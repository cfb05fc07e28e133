"""Civil days in Paris."""

from datetime import UTC, date, datetime

import pytest

from tierce.kernel.clock import read_date, seconds_left_today


@pytest.mark.parametrize(
    ("at", "left"),
    [
        (datetime(2026, 1, 15, 23, 0, tzinfo=UTC), 86_400),
        (datetime(2026, 1, 15, 22, 59, 59, 500_000, tzinfo=UTC), 1),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 82_800),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 90_000),
    ],
    ids=["midnight", "the last half-second", "the day of 23 hours", "the day of 25 hours"],
)
def test_what_is_left_of_the_day_counts_to_the_next_midnight_in_paris(at: datetime, left: int) -> None:
    assert seconds_left_today(at) == left


@pytest.mark.parametrize("text", ["2026-W01-1", "2026-W01", "20260105", "2026-01-05 ", "２０２６-01-05", ""])
def test_a_date_is_written_in_one_way(text: str) -> None:
    assert read_date("2026-01-05") == date(2026, 1, 5)
    with pytest.raises(ValueError, match=r"."):
        read_date(text)
