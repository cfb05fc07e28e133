"""Lines of seats beyond that of a login on a device: the establishment's, and those that many logins share.

A seat is drawn on every line that the question touches, and proof gives it back on every one. All are the rule of
policy/seats.py with other constants. Those constants are **assumptions**, by formula from the measured ones of one
login: no count of a real operator exists yet. Pools (cell and nation) are numbers a day, and nothing is given back
to them. The bound that follows is in docs/reference/bound.md; policy/bound.py computes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tierce.kernel.care import Profession
from tierce.policy.ladder import Level
from tierce.policy.seats import DAY_LIMITS, DECLARED, DECLARED_UNSEEN, SEATS, SeatConstants

PLACE_WHOLE_DESKS = 4
PLACE_DESKS_MAX = 40
PLACE_SHIFT = 55
"""Where the profession stands in the number of an establishment's line (access.place_of)."""


@lru_cache(maxsize=1024)
def place_constants(profession: Profession, desks: int) -> SeatConstants:
    """The constants of an establishment's line for one profession: the sum over its desks, capped.

    Each of the first four professionals enrolled there counts whole and each further one half, up to forty: people of
    one place see the same patients, and a patient known to one is known to all.
    """
    return _summed(SEATS[profession], _half_desks(desks))


@lru_cache(maxsize=1024)
def declared_constants(profession: Profession, desks: int) -> SeatConstants:
    """The constants of an establishment's declared line: the sum over its desks in the same way.

    Without it whoever holds certified software would have a float more with each device that a login settles there
    (docs/adr/0086).
    """
    return _summed(DECLARED[profession], _half_desks(desks))


def declared_misses(profession: Profession, desks: int) -> int:
    """Declared readings of a day that may find nobody and take no seat, of all who work at an establishment."""
    return DAY_LIMITS[profession].declared_misses * _half_desks(desks) // 2


def _half_desks(desks: int) -> int:
    return 2 * min(desks, PLACE_WHOLE_DESKS) + max(0, min(desks, PLACE_DESKS_MAX) - PLACE_WHOLE_DESKS)


def _summed(one: SeatConstants, halves: int) -> SeatConstants:
    return SeatConstants(one.a * halves // 2, one.b_percent, one.top * halves // 2, probation=False)


PLACE_UNSEEN = DECLARED_UNSEEN
"""An establishment's line that was never written: rolled to any day, it starts there."""


def place_of(establishment: int, profession: Profession) -> int:
    """The number of an establishment's line for one profession."""
    return establishment ^ profession << PLACE_SHIFT


def declared_place(place: int) -> int:
    """How the pair memory names an establishment's line when the seat is that of the declared lines: below zero."""
    return ~place


@dataclass(frozen=True, slots=True)
class CommonSize:
    """How large a line that many share is: `percent` of the sum over its professionals, never below `base`.

    For software and vendor the sum is of `a` (and of `top`, for the top) and the line follows half the proofs; for a
    pool it is of a day's cap without proof, and the pool is that number a day.
    """

    base: int
    percent: int


COMMON: Mapping[Level, CommonSize] = {
    Level.SOFTWARE: CommonSize(600, 70),
    Level.VENDOR: CommonSize(600, 70),
    Level.CELL: CommonSize(500, 100),
    Level.NATION: CommonSize(20_000, 50),
}
"""Honest logins hold about half of their base seats at once, and few hold all of them on one day: seven tenths of the
sum leave room for a bad week and lower what a stolen vendor is worth. An assumption, to be refitted."""
COMMON_B_PERCENT = 50
POOLS = frozenset({Level.CELL, Level.NATION})
