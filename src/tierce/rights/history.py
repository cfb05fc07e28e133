"""A professional's own history, without identity, and her seats."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tierce.gate.store import read_line
from tierce.identity.model import Caller
from tierce.journal.engagement import format_engagement, parse_engagement
from tierce.journal.errors import EngagementFormatError
from tierce.kernel.care import Domain
from tierce.kernel.clock import Clock, date_of, from_micros, micros, paris_day, seconds_left_today, start_of
from tierce.kernel.ids import EntrySeq
from tierce.kernel.language import Phrase
from tierce.policy.seats import (
    DAY_LIMITS,
    SEAT_DAYS,
    SEATS,
    cap_of,
    effective_limit,
    known_limit,
    on_probation,
    roll,
)
from tierce.rights.errors import QuestionError
from tierce.rights.replays import Replays
from tierce.rights.store import Keyring, Purpose, Wanted, engagement_domain, own_asks

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One ask made in the professional's name: when, for what, whether something was shown, her own label.

    Nobody's name. `engagement` is the number to open it again, None when nothing was shown; why nothing was shown is
    not told. `until` is the last day on which the number may be quoted, whatever became of the rights since.
    """

    engagement: str | None
    at: datetime
    domain: Domain
    label: str | None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which asks to list: a domain, shown or not, days of Paris, first and last included; None leaves all."""

    domain: Domain | None = None
    shown: bool | None = None
    first: date | None = None
    last: date | None = None

    def wanted(self) -> Wanted:
        """The same as the database compares it."""
        return Wanted(
            domain=None if self.domain is None else self.domain.value,
            shown=self.shown,
            from_us=0 if self.first is None else micros(start_of(self.first)),
            to_us=Wanted().to_us if self.last is None else micros(start_of(self.last + timedelta(days=1))),
        )


@dataclass(frozen=True, slots=True)
class Seats:
    """The places of one device: `open` of `limit` are taken, `today` of `cap_today` since midnight in Paris.

    `attempts_left` asks of any kind are left of the day's, `known_left` known people may still be opened.
    """

    limit: int
    open: int
    cap_today: int
    today: int
    attempts_left: int
    known_left: int
    ages: list[int]
    """Age in days of each place taken, oldest first."""
    new_device: bool
    """Whether the device is on probation: for a fortnight, and until one patient is proved to have been there."""
    attempts_limit: int
    renewed_in_seconds: int
    """Until the next civil day in Paris, when the asks of the day are given back."""


class History:
    """Reads that name nobody."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        keyring: Keyring,
        clock: Clock,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        """Read with `pool`; print engagement numbers with the engagement key."""
        self._page_rows = page_rows
        self._pool = pool
        self._key = keyring.raw(Purpose.ENGAGEMENT.value)
        self._clock = clock
        self.replays = Replays(pool, keyring, clock)

    async def page(
        self, caller: Caller, before: str | None, only: HistoryFilter
    ) -> tuple[list[HistoryRow], str | None]:
        """One page of the caller's own asks, newest first, and the cursor of the next page.

        Raises:
            QuestionError: the cursor is none of ours.
        """
        try:
            last = parse_engagement(self._key, before) if before else None
        except EngagementFormatError:
            reason = Phrase("ce curseur n’est pas d’ici", "this cursor is none of ours")
            remedy = Phrase("Reprenez celui de la page précédente.", "Take that of the page before.")
            raise QuestionError("cursor", reason, remedy) from None
        async with self._pool.connection() as connection:
            rows = await own_asks(
                connection, caller.professional, caller.establishment, last, only.wanted(), self._page_rows + 1
            )
        page = [
            HistoryRow(
                self._number(seq) if shown else None, from_micros(at), Domain(domain), label,
                None if until is None else date_of(until),
            )
            for seq, at, domain, shown, label, until in rows[: self._page_rows]
        ]  # fmt: skip
        return page, self._number(rows[self._page_rows - 1][0]) if len(rows) > self._page_rows else None

    def _number(self, seq: int) -> str:
        return format_engagement(self._key, EntrySeq(seq))

    async def domain_of(self, caller: Caller, engagement: str) -> Domain:
        """The domain of an engagement of the caller's establishment; another's looks like a mistyped number."""
        seq = parse_engagement(self._key, engagement)
        async with self._pool.connection() as connection:
            domain = await engagement_domain(connection, seq, caller.establishment)
        if domain is None:
            raise EngagementFormatError
        return Domain(domain)

    async def seats(self, caller: Caller) -> Seats:
        """The caller's places on this device."""
        async with self._pool.connection() as connection:
            stored = await read_line(connection, caller.line)
        now = self._clock.now()
        line = roll(stored, SEATS[caller.profession], paris_day(now))
        attempts = DAY_LIMITS[caller.profession].attempts
        limit = effective_limit(line)
        ages = [age for age in range(SEAT_DAYS - 1, -1, -1) for _ in range(line.seats[(line.day - age) % SEAT_DAYS])]
        return Seats(
            limit=limit,
            open=line.open,
            cap_today=cap_of(limit),
            today=line.today,
            attempts_left=max(0, attempts - line.attempts),
            attempts_limit=attempts,
            renewed_in_seconds=seconds_left_today(now),
            known_left=max(0, known_limit(line, caller.profession) - line.known),
            ages=ages,
            new_device=on_probation(line),
        )
