"""Dates, times and numbers as people say them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tierce.kernel import saying
from tierce.kernel.language import Language
from tierce.web.look import formats

FR, EN = Language.FR, Language.EN
WINTER = datetime(2026, 3, 3, 9, 12, 45, 120_900, tzinfo=UTC)
SUMMER = datetime(2026, 7, 31, 22, 5, tzinfo=UTC)


def plain(text: str) -> str:
    """The text with ordinary spaces, so that what is expected can be read."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("day", "fr", "en"),
    [
        (date(2026, 3, 1), "1er mars 2026", "1 March 2026"),
        (date(2026, 3, 11), "11 mars 2026", "11 March 2026"),
        (date(2025, 8, 31), "31 août 2025", "31 August 2025"),
    ],
)
def test_a_day_is_said_as_people_say_it(day: date, fr: str, en: str) -> None:
    assert plain(formats.say_day(day, FR)) == fr
    assert plain(formats.say_day(day, EN)) == en


def test_an_instant_is_said_in_paris_time_across_the_change_of_hour() -> None:
    assert plain(formats.say_moment(WINTER, FR)) == "3 mars 2026 à 10 h 12"
    assert plain(formats.say_moment(WINTER, EN)) == "3 March 2026 at 10:12"
    assert plain(formats.say_moment(SUMMER, FR)) == "1er août 2026 à 0 h 05"


def test_pages_and_letters_spell_an_instant_alike() -> None:
    for language in Language:
        assert formats.say_time(WINTER, language) == saying.say_time(WINTER)[language]
        assert formats.say_moment(WINTER, language) in saying.say_instant(WINTER)[language]
    assert formats.say_time(WINTER, FR) == "10\u00a0h\u00a012"


def test_the_exact_form_has_milliseconds_and_the_offset() -> None:
    assert formats.exact_moment(WINTER) == "2026-03-03 10:12:45.120 +01:00"
    assert formats.exact_moment(SUMMER) == "2026-08-01 00:05:00.000 +02:00"


def test_numbers_are_grouped_with_a_narrow_space_that_does_not_break() -> None:
    assert formats.say_number(20_000, FR) == "20\u202f000"
    assert formats.say_number(20_000, EN) == "20,000"
    assert formats.say_number(999, FR) == "999"


def test_money_always_has_two_decimals() -> None:
    assert formats.say_money(Decimal("1250.5"), FR) == "1\u202f250,50\u202f€"
    assert formats.say_money(Decimal("1250.5"), EN) == "€1,250.50"
    assert formats.say_money(Decimal("-0.05"), FR) == "−0,05\u202f€"


@pytest.mark.parametrize(
    ("length", "fr"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=3, minutes=5), "3 h 05"),
        (timedelta(hours=71, minutes=59), "2 jours et 23 h"),
        (timedelta(days=3), "3 jours"),
        (timedelta(days=4, hours=23), "4 jours"),
    ],
)
def test_a_length_of_time_is_said_by_its_largest_unit(length: timedelta, fr: str) -> None:
    assert plain(formats.say_duration(length, FR)) == fr
