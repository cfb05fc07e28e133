"""A common line as staff see it; no type here has a person covered."""

from collections.abc import Sequence
from dataclasses import dataclass

from tierce.policy.ladder import Level
from tierce.policy.lines import POOLS
from tierce.policy.seats import SEAT_DAYS

NEAR_PERCENT = 80
"""From here on a common line is said to be nearly full."""


@dataclass(frozen=True, slots=True)
class Common:
    """One line or pool that many share, on a day."""

    level: Level
    subject: int
    name: str
    """Of a piece of software or a vendor; empty when it has none."""
    limit: int
    today: int
    """Drawn today, what is lent to a process and not yet spent included."""
    open: tuple[int, ...]
    """Of a line: seats still open by day of drawing, the oldest first, today last; of a pool, nothing."""

    @property
    def used(self) -> int:
        """What counts against the limit: the day's people for a pool, open seats for a line."""
        return self.today if self.level in POOLS else sum(self.open)

    @property
    def percent(self) -> int:
        """How full it is, 100 at most: a limit may shrink under what is drawn."""
        return min(100, 100 * self.used // self.limit) if self.limit else 0


@dataclass(frozen=True, slots=True)
class Drawer:
    """An establishment, or an account, that draws on a common line today."""

    number: int
    """Of the establishment or of the professional."""
    name: str
    profession: int
    drawn: int


def open_by_day(seats: Sequence[int], day: int, today: int) -> tuple[int, ...]:
    """Stored seats, last touched on `day`, as they stand `today`: whatever is thirty days old is free again."""
    return tuple(
        seats[each % SEAT_DAYS] if day - SEAT_DAYS < each <= day else 0
        for each in range(today - SEAT_DAYS + 1, today + 1)
    )
