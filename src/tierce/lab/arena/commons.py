"""Lines that many share: an establishment's, the software's, its vendor's, and the pools of the cell and the nation.

Whoever works together in a scenario draws on one set of them, day after day together. Sizes are the policy's, by the
same formulas as in the database (gate.size_common); the lines are those of `policy.seats`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tierce.kernel.care import Profession
from tierce.policy.bound import Shared
from tierce.policy.ladder import Level
from tierce.policy.lines import (
    COMMON,
    COMMON_B_PERCENT,
    PLACE_UNSEEN,
    POOLS,
    declared_constants,
    declared_misses,
    place_constants,
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
        self.one_place = one_place
        self._constants = {level: common_constants(level, clients) for level in COMMON}
        self._lines = {level: self._opened(self._constants[level], day) for level in LINES}
        self._pools = dict.fromkeys(POOLS, 0)
        self._day = day
        self.place_sizes = {who: place_constants(who, count) for who, count in clients.items()}
        self.desks = dict(clients)
        self._places = {who: self._opened(size, day) for who, size in self.place_sizes.items()}
        self._card_sizes = {who: declared_constants(who, count) for who, count in clients.items()}
        self._cards = {who: self._opened(size, day) for who, size in self._card_sizes.items()}
        self._most = dict.fromkeys(LINES, 0)
        self._place_most = dict.fromkeys(clients, 0)
        self._card_most = dict.fromkeys(clients, 0)

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
        for who, line in self._places.items():
            self._places[who] = roll(line, self.place_sizes[who], day)
            self._place_most[who] = max(self._place_most[who], self._places[who].limit)
            self._cards[who] = roll(self._cards[who], self._card_sizes[who], day)
            self._card_most[who] = max(self._card_most[who], self._cards[who].limit)

    def room(self) -> bool:
        """Whether each has a place."""
        pools = all(used < self._constants[level].a for level, used in self._pools.items())
        return pools and all(has_room(line) for line in self._lines.values())

    def place(self, who: Profession) -> Line:
        """The line of the one establishment."""
        return self._places[who]

    def declared_place(self, who: Profession) -> Line:
        """Its declared line."""
        return self._cards[who]

    def read(self, who: Profession, place: Line) -> None:
        """A card was read there, and `place` is what the gate left of that line."""
        if self.one_place:
            self._cards[who] = place

    def took(self, who: Profession, place: Line) -> None:
        """A place was drawn on every one of them; `place` is what the gate left of the establishment's."""
        for level, line in self._lines.items():
            self._lines[level] = take(line)
        for level in self._pools:
            self._pools[level] += 1
        if self.one_place:
            self._places[who] = place

    def proved(self, who: Profession, drawn_day: int, *, card: bool) -> None:
        """Presence gave the place back everywhere; nothing comes back to a pool.

        `card`: the place was one of the declared line.
        """
        if card:
            if self.one_place:
                self._cards[who] = prove(self._cards[who], drawn_day)
            return
        for level, line in self._lines.items():
            self._lines[level] = prove(line, drawn_day)
        if self.one_place:
            self._places[who] = prove(self._places[who], drawn_day)

    def watch_limits(self) -> None:
        """Forget the largest limits so far: the theft begins."""
        self._most = {level: line.limit for level, line in self._lines.items()}
        self._place_most = {who: line.limit for who, line in self._places.items()}
        self._card_most = {who: line.limit for who, line in self._cards.items()}

    def shared(self) -> Mapping[str, Shared]:
        """What the bound must know of them, by the names that `names_of` gives."""
        found = {level.name: Shared(level.name, limit) for level, limit in self._most.items()}
        found |= {level.name: Shared(level.name, self._constants[level].a, pool=True) for level in POOLS}
        if self.one_place:
            found |= {f"PLACE {who.name}": Shared("PLACE", limit) for who, limit in self._place_most.items()}
            found |= {
                f"CARDS {who.name}": Shared("PLACE", limit, misses_a_day=declared_misses(who, self.desks[who]))
                for who, limit in self._card_most.items()
            }
        return found

    def names_of(self, who: Profession) -> tuple[str, ...]:
        """The lines that an ask of this profession touches."""
        places = (f"PLACE {who.name}",) if self.one_place else ()
        return (*(level.name for level in COMMON), *places)

    def card_names_of(self, who: Profession) -> tuple[str, ...]:
        """The lines that a declared reading of this profession touches."""
        return (f"CARDS {who.name}",) if self.one_place else ()
