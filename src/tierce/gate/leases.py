"""What one process holds of the lines that many share: units drawn in blocks, and spent in memory.

The rows of a vendor or of the nation are touched by half the country, so no batch ever locks one. A process draws a
block of units in a short transaction (`gate.lend`), decides with what it holds, and draws again before a block ends.
It may hold units that another lacks, and a crash loses them: fewer are served than the line allows, never one more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

Key = tuple[int, int]
"""A common line: its policy.ladder.Level as a plain number (hashed for each ask), and which one."""
LOW_SHARE = 4
"""A line is drawn from again once less than a quarter of its last block is left."""
RETRY_SECONDS = 2.0
"""A line that had nothing is asked again after so long: a step-up costs no round trip."""
HELD_MAX = 1024
"""Lines drawn from in one call, as the database allows."""
WANTED = 8
"""Units asked for at least; the database gives a larger block where the line is large."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One line to draw from: how much is wanted, and what is given back of an earlier day."""

    key: Key
    want: int
    back_day: int = 0
    back: int = 0


class Leases:
    """The units that one process holds; its lanes share them."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._day = 0
        self._left: dict[Key, int] = {}
        self._block: dict[Key, int] = {}
        self._past: dict[Key, tuple[int, int]] = {}
        self._empty: dict[Key, float] = {}

    def room(self, keys: Iterable[Key], day: int) -> bool:
        """Whether each of these lines has a unit for `day` here."""
        if day != self._day:
            return False
        left = self._left
        return all(left.get(key, 0) > 0 for key in keys)

    def take(self, keys: Iterable[Key]) -> None:
        """Spend a unit of each; the caller has looked that there is room."""
        for key in keys:
            self._left[key] -= 1

    def undo(self, taken: Mapping[Key, int], day: int) -> None:
        """Have units again that a batch took and that were certainly not spent: its transaction was rolled back."""
        for key, units in taken.items():
            if day == self._day:
                self._left[key] = self._left.get(key, 0) + units

    def short(self, keys: Iterable[Key], day: int) -> list[Draw]:
        """What to draw before these lines are said to be full; nothing for those that had nothing a moment ago."""
        if day < self._day:
            return []
        now = monotonic()
        wanted = Counter(keys)
        return [
            self._draw(key, max(WANTED, count))
            for key, count in wanted.items()
            if (day != self._day or self._left.get(key, 0) <= count) and self._empty.get(key, 0.0) < now
        ][:HELD_MAX]

    def low(self, day: int) -> list[Draw]:
        """What to draw before the next batch, because a block nears its end."""
        if day != self._day:
            return []
        now = monotonic()
        return [
            self._draw(key, WANTED)
            for key, left in self._left.items()
            if left * LOW_SHARE < self._block.get(key, 0) and self._empty.get(key, 0.0) < now
        ][:HELD_MAX]

    def add(self, draws: Iterable[Draw], day: int, granted: Iterable[int]) -> None:
        """Hold what the database gave, good for `day` of its own clock."""
        if day > self._day:
            self._past = {key: (self._day, units) for key, units in self._left.items() if units > 0}
            self._day, self._left, self._block, self._empty = day, {}, {}, {}
        if day < self._day:
            return
        now = monotonic()
        for draw, units in zip(draws, granted, strict=True):
            self._left[draw.key] = self._left.get(draw.key, 0) + units
            self._block[draw.key] = units
            if units < draw.want:
                self._empty[draw.key] = now + RETRY_SECONDS

    def all_back(self) -> list[Draw]:
        """Everything that is held, to be given back: the process ends."""
        held = [Draw(key, 0, self._day, units) for key, units in self._left.items() if units > 0]
        self._left = {}
        return held[:HELD_MAX]

    def _draw(self, key: Key, want: int) -> Draw:
        day, units = self._past.pop(key, (0, 0))
        return Draw(key, want, day, units)
