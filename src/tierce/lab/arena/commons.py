"""Lines that many share: the software's, its vendor's, and the pools of the cell and the nation.

Whoever works together in a scenario draws on one set of them, day after day together. Sizes are the policy's, by the
same formulas as in the database (gate.size_common); the lines are those of `policy.seats`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tierce.kernel.care import Profession
from tierce.lab.arena.place import Place
from tierce.policy.bound import Shared
from tierce.policy.ladder import Level
from tierce.policy.lines import (
    COMMON,
    COMMON_B_PERCENT,
    PLACE_UNSEEN,
    POOLS,
    declared_misses,
)
from tierce.policy.seats import SEATS, Line, SeatConstants, cap_of, has_room, limit_of, prove, roll, take

LINES: Final = tuple(level for level in COMMON if level not in POOLS)


def common_constants(level: Level, clients: Mapping[Profession, int]) -> SeatConstants:
    """How large a line that these clients share is; a pool's `a` is its number a day."""
    size = COMMON[level]

    def of(per_client: Mapping[Profession, int]) -> int:
        total = sum(count * per_client[profession] for profession, count in clients.items())
        return max(size.base, total * size.percent // 100)

    if level in POOLS:
        number = of({profession: cap_of(seats.a) for profession, seats in SEATS.items()})
        return SeatConstants(number, 0, number, probation=False)
    return SeatConstants(
        of({profession: seats.a for profession, seats in SEATS.items()}), COMMON_B_PERCENT,
        of({profession: seats.top for profession, seats in SEATS.items()}), probation=False,
    )  # fmt: skip


class Commons:
    """One set of common lines, for clients of one vendor in one cell."""

    def __init__(self, clients: Mapping[Profession, int], day: int, *, one_place: bool = False) -> None:
        """Open them on `day`; with `one_place`, everybody of a profession works at one establishment."""
        self._constants = {level: common_constants(level, clients) for level in COMMON}
        self._lines = {level: self._opened(self._constants[level], day) for level in LINES}
        self._pools = dict.fromkeys(POOLS, 0)
        self._day = day
        self.places = {who: Place(who, count, day) for who, count in clients.items()} if one_place else {}
        """The one establishment of each profession, where all share one."""
        self._most = dict.fromkeys(LINES, 0)

    @staticmethod
    def _opened(constants: SeatConstants, day: int) -> Line:
        return replace(roll(PLACE_UNSEEN, constants, day), limit=limit_of(constants, 0))

    def begin(self, day: int) -> None:
        """Bring every line to `day`."""
        if day == self._day:
            return
        self._day = day
        self._pools = dict.fromkeys(POOLS, 0)
        for level, line in self._lines.items():
            self._lines[level] = roll(line, self._constants[level], day)
            self._most[level] = max(self._most[level], self._lines[level].limit)
        for place in self.places.values():
            place.roll(day)

    def room(self) -> bool:
        """Whether each has a place."""
        pools = all(used < self._constants[level].a for level, used in self._pools.items())
        return pools and all(has_room(line) for line in self._lines.values())

    def took(self) -> None:
        """A place was drawn on every one of them."""
        for level, line in self._lines.items():
            self._lines[level] = take(line)
        for level in self._pools:
            self._pools[level] += 1

    def proved(self, drawn_day: int) -> None:
        """Presence gave the place back everywhere; nothing comes back to a pool."""
        for level, line in self._lines.items():
            self._lines[level] = prove(line, drawn_day)

    def watch_limits(self) -> None:
        """Forget the largest limits so far: the theft begins."""
        self._most = {level: line.limit for level, line in self._lines.items()}
        for place in self.places.values():
            place.watch_limits()

    def shared(self) -> Mapping[str, Shared]:
        """What the bound must know of them, by the names that `names_of` gives."""
        found = {level.name: Shared(level.name, limit) for level, limit in self._most.items()}
        found |= {level.name: Shared(level.name, self._constants[level].a, pool=True) for level in POOLS}
        for who, place in self.places.items():
            misses = declared_misses(who, place.most_desks)
            found[f"PLACE {who.name}"] = Shared("PLACE", place.most)
            found[f"CARDS {who.name}"] = Shared("PLACE", place.most_declared, misses_a_day=misses)
        return found

    def names_of(self, who: Profession) -> tuple[str, ...]:
        """The lines that an ask of this profession touches."""
        places = (f"PLACE {who.name}",) if self.places else ()
        return (*(level.name for level in COMMON), *places)

    def card_names_of(self, who: Profession) -> tuple[str, ...]:
        """The lines that a declared reading of this profession touches."""
        return (f"CARDS {who.name}",) if self.places else ()
