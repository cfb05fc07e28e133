"""The printed bound: what whoever holds K logins on their devices learns at most in T days.

The theorem, its assumptions and its proof are docs/reference/bound.md; this computes its right side. It needs no
statistics: only what the lines' limits were, at most, during the period.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tierce.policy.seats import MISS_DAYS, SEAT_DAYS, cap_of


@dataclass(frozen=True, slots=True)
class Held:
    """One line of a login on a device in a thief's hands, and the lines that its draws touch as well."""

    limit: int
    """The largest limit in force on it during the period; 5 while on probation. While no proof of grade A or B
    arrives it is the limit on the day of the theft."""
    known: int
    """Its daily limit of people of known pairs (policy.seats.known_limit); the day's attempts for who holds
    certified software as well."""
    file: int
    """People whom its establishment knows and whose identifiers the thief has."""
    shared: tuple[str, ...] = ()
    """Names of the lines that it touches besides: establishment, software, vendor, cell, nation."""
    misses_a_day: int = 0
    """Of a declared line: the misses of a day, which take none of its seats (policy.seats.DayLimits.declared_misses).
    Of any other line 0: its misses take seats."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A line that several of the stolen ones touch."""

    group: str
    """Lines of one group never overlap: "place", "software", "vendor", "cell", "nation"."""
    limit: int
    """The largest limit in force during the period; of a pool, its number a day."""
    pool: bool = False
    """Whether it is a number a day to which nothing comes back."""
    misses_a_day: int = 0
    """Of an establishment's declared line: the misses of a day of all who declare there
    (policy.lines.declared_misses). Of any other line 0: it counts no misses of its own."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The three terms of the bound of people, whose sum is never passed, and that of negatives."""

    first: int
    """People of first-time pairs, without proof of presence."""
    known: int
    present: int
    """People for whom a proof of presence was accepted, those withdrawn later included."""
    negatives: int
    """Identifiers never seen there of which it was learned, without proof of presence, that they are not covered."""

    @property
    def total(self) -> int:
        """The printed figure."""
        return self.first + self.known + self.present


def seats_bound(limit: int, days: int) -> int:
    """Seats that one line gives at most in so many days while its limit never passes `limit`."""
    return min(cap_of(limit) * days, limit * -(-days // SEAT_DAYS))


def misses_bound(line: Held, days: int) -> int:
    """Misses on one line at most in so many days: each holds its seat for MISS_DAYS, or counts on a number a day."""
    if line.misses_a_day:
        return line.misses_a_day * days
    return min(cap_of(line.limit) * days, line.limit * -(-days // MISS_DAYS))


def printed_bound(held: Sequence[Held], shared: Mapping[str, Shared], days: int, present: int = 0) -> Bound:
    """D(K, T) for the lines held, over `days` civil days.

    Args:
        held: every line in the thief's hands, those that new sign-ins opened included.
        shared: the lines that those name.
        days: T, civil days touched, the first and the last included.
        present: people for whom a proof of presence was accepted at the establishments of these lines.
    """
    each = [seats_bound(line.limit, days) for line in held]
    first = sum(each)
    for group in {one.group for one in shared.values()}:
        names = [next((n for n in line.shared if n in shared and shared[n].group == group), None) for line in held]
        alone = sum(most for most, name in zip(each, names, strict=True) if name is None)
        for name in {name for name in names if name is not None}:
            one = shared[name]
            of_it = one.limit * days if one.pool else seats_bound(one.limit, days)
            alone += min(of_it, sum(most for most, mine in zip(each, names, strict=True) if mine == name))
        first = min(first, alone)
    known = sum(min(line.known * days, line.file) for line in held)
    return Bound(first, known, present, _negatives(held, shared, days))


def _negatives(held: Sequence[Held], shared: Mapping[str, Shared], days: int) -> int:
    """Misses of each line by itself, and of those who declare at one establishment no more than it lets pass."""
    total = 0
    there: dict[str, int] = {}
    for line in held:
        most = misses_bound(line, days)
        place = next((name for name in line.shared if name in shared and shared[name].misses_a_day), None)
        if place is None:
            total += most
        else:
            there[place] = there.get(place, 0) + most
    return total + sum(min(most, shared[place].misses_a_day * days) for place, most in there.items())
