"""Civil days in Paris."""

from datetime import UTC, datetime

import pytest

from tierce.kernel.clock import seconds_left_today


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
