"""One establishment of the laboratory: the lines that all who work there share, on however many devices."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from tierce.kernel.care import Profession
from tierce.lab.arena.twin import prove_all
from tierce.policy.lines import PLACE_DESKS_MAX, PLACE_UNSEEN, declared_constants, place_constants
from tierce.policy.seats import Line, SeatConstants, limit_of, roll


class Place:
    """Its line and its declared line, of one profession; rolled forward by whoever asks there."""

    __slots__ = ("declared", "desks", "line", "most", "most_declared", "most_desks", "profession")

    def __init__(self, profession: Profession, professionals: int, day: int) -> None:
        """A place that nobody used yet, of so many enrolled professionals."""
        self.profession = profession
        self.desks = professionals
        """Professionals enrolled there today, whoever stands in among them: what its lines are sized by."""
        self.line: Line = roll(PLACE_UNSEEN, place_constants(profession, professionals), day)
        self.declared: Line = roll(PLACE_UNSEEN, declared_constants(profession, professionals), day)
        self.most = self.most_declared = self.most_desks = 0
        """The largest since `watch_limits`."""
        self.watch_limits()

    def settle(self, day: int, freed_a_week: tuple[float, float], unproved: tuple[list[int], list[int]]) -> None:
        """Add what one desk of long standing has behind it: usual proofs a week, and places still open."""
        plain, declared = self._constants()
        self.line = _with(self.line, plain, day, freed_a_week[0], unproved[0])
        self.declared = _with(self.declared, declared, day, freed_a_week[1], unproved[1])

    def roll(self, day: int) -> None:
        """Bring both lines to `day`."""
        if day <= self.line.day and day <= self.declared.day:
            return
        plain, declared = self._constants()
        self.line, self.declared = roll(self.line, plain, day), roll(self.declared, declared, day)
        self.most = max(self.most, self.line.limit)
        self.most_declared = max(self.most_declared, self.declared.limit)
        self.most_desks = max(self.most_desks, self.desks)

    def prove(self, drawn_days: Sequence[int], *, card: bool) -> None:
        """Invoices of people drawn on those days came; the lines are rolled to today."""
        if card:
            self.declared = prove_all(self.declared, drawn_days)
        else:
            self.line = prove_all(self.line, drawn_days)

    def watch_limits(self) -> None:
        """Forget the largest limits so far: the theft begins."""
        self.most, self.most_declared, self.most_desks = self.line.limit, self.declared.limit, self.desks

    def _constants(self) -> tuple[SeatConstants, SeatConstants]:
        return place_constants(self.profession, self.desks), declared_constants(self.profession, self.desks)


@cache
def ample(profession: Profession, day: int) -> Line:
    """A declared line that stops nobody: that of a place of the largest size which nobody used."""
    return roll(PLACE_UNSEEN, declared_constants(profession, PLACE_DESKS_MAX), day)


def _with(line: Line, constants: SeatConstants, day: int, freed: float, seats: list[int]) -> Line:
    freed_256 = line.freed_256 + int(freed * 256)
    both = tuple(old + new for old, new in zip(line.seats, seats, strict=True))
    return replace(line, day=day, weeks=60, freed_256=freed_256, limit=limit_of(constants, freed_256), seats=both)
