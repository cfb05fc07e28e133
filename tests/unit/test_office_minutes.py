"""A minute as a browser gives it, in the night in which Paris has two o'clock twice."""

from datetime import UTC, datetime

import pytest

from tierce.kernel.clock import from_micros, micros
from tierce.web.office.writing import minute, minute_end


@pytest.mark.parametrize(
    ("typed", "begins", "ends"),
    [
        ("2026-10-25T01:59", (24, 23, 59), (25, 0, 0)),
        ("2026-10-25T02:00", (25, 0, 0), (25, 1, 1)),
        ("2026-10-25T02:40", (25, 0, 40), (25, 1, 41)),
        ("2026-10-25T02:59", (25, 0, 59), (25, 2, 0)),
        ("2026-10-25T03:00", (25, 2, 0), (25, 2, 1)),
        ("2026-10-26T02:40", (26, 1, 40), (26, 1, 41)),
    ],
)
def test_a_window_begins_with_the_first_of_two_minutes_and_ends_with_the_second(
    typed: str, begins: tuple[int, int, int], ends: tuple[int, int, int]
) -> None:
    """Read as the first at both ends, a list made in that hour left out whoever was read in it."""
    found = minute("begun", typed), minute_end("ended", typed)
    assert [from_micros(micros(at)) for at in found] == [
        datetime(2026, 10, *one, tzinfo=UTC) for one in (begins, ends)
    ]
