"""The only place where the time of day is read; everything else receives a Clock."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
_EPOCH_ORDINAL = EPOCH_DAY.toordinal()


class Clock(Protocol):
    """Gives the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime) -> None:
        """Start at `at`, an aware instant."""
        if at.tzinfo is None:
            msg = "a clock needs an aware instant"
            raise ValueError(msg)
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant last set."""
        return self._at

    def advance(self, delta: timedelta) -> None:
        """Move forward (or back, to test a clock jump)."""
        self._at += delta


def micros(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z, exact (no floating point)."""
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    """Turn microseconds since the epoch back into an aware UTC instant."""
    return EPOCH + timedelta(microseconds=value)


def paris_day(at: datetime) -> int:
    """Days since 1970-01-01 of the civil day in Paris: seats, caps and rights count civil days."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return _paris_day(at.date(), at.hour)


@lru_cache(maxsize=1024)
def _paris_day(value: date, hour: int) -> int:
    """By hours of UTC: since 1911 a day in Paris begins on one."""
    return (datetime(value.year, value.month, value.day, hour, tzinfo=UTC).astimezone(PARIS).date() - EPOCH_DAY).days


def start_of(value: date) -> datetime:
    """The instant at which a civil day begins in Paris."""
    return datetime(value.year, value.month, value.day, tzinfo=PARIS).astimezone(UTC)


def seconds_left_today(at: datetime) -> int:
    """Seconds until the next civil day begins in Paris, rounded up: 1 to 90,000 (a day of 25 hours)."""
    tomorrow = start_of(date_of(paris_day(at) + 1))
    return -int((at - tomorrow) // timedelta(seconds=1))


def read_date(text: str) -> date:
    """Read a civil date as YYYY-MM-DD alone: `date.fromisoformat` reads weeks (2026-W01-1) and bare digits too.

    Raises:
        ValueError: it is none.
    """
    value = date.fromisoformat(text)
    if value.isoformat() != text:
        msg = "a date is written YYYY-MM-DD"
        raise ValueError(msg)
    return value


def day_of(value: date) -> int:
    """Days since 1970-01-01 of a civil date."""
    return (value - EPOCH_DAY).days


@lru_cache(maxsize=4096)
def date_of(day: int) -> date:
    """The civil date of a day number."""
    return EPOCH_DAY + timedelta(days=day)


def ordinal_of(day: int) -> int:
    """Number a day from 1 January of year 1, which is 1: never negative, as the journal's numbers must be."""
    return day + _EPOCH_ORDINAL
