"""A day is written one way wherever somebody types it: no week, no bare digits, which Python's own reader takes."""

import pytest

from tierce.kernel.errors import FieldError
from tierce.rights.errors import QuestionError
from tierce.upkeep.notice.base import day_of_text
from tierce.web.api.filters import read_filter

OTHERWISE = ["20260131", "2026-W05-1", "2026W051", "2026-1-31", "31/01/2026", "2026-02-30"]


@pytest.mark.parametrize("text", OTHERWISE)
def test_a_day_written_otherwise_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(QuestionError) as asked:
        read_filter(None, None, text, None)
    assert asked.value.field == "first"
    assert text not in str(asked.value)
    with pytest.raises(FieldError) as typed:
        day_of_text(text, "from")
    assert typed.value.field == "from"
    assert day_of_text("2026-01-31", "from") == read_filter(None, None, "2026-01-31", None).first


def test_a_history_that_ends_before_it_begins_is_refused_and_one_of_a_day_is_read() -> None:
    with pytest.raises(QuestionError) as asked:
        read_filter(None, None, "2026-01-31", "2026-01-30")
    assert asked.value.field == "last"
    for first, last in (("2026-01-31", "2026-01-31"), ("2026-01-31", None), (None, "2026-01-30")):
        days = read_filter(None, None, first, last)
        assert [day and day.isoformat() for day in (days.first, days.last)] == [first, last]
