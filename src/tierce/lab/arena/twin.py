"""The vectorised twin of the rule for asks that need no place without a card, and for the invoices that follow.

Known people, and those whose presence is proved, move the attempts of the day, its known people, and the evidence. A
declared reading takes a place of the declared line while it has one. An invoice gives a place back. So a day of
each is a few sums; tests/property/test_lab_twin.py holds them equal to the gate's own rule, one by one.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tierce.gate.model import DeclaredLines
from tierce.policy.evidence import AREAS, BETS, YEAR_DAYS, Indicator, State, roll
from tierce.policy.seats import SEAT_DAYS, Line, cap_of, take

Ints = NDArray[np.int64]
_BET_ON = frozenset({Indicator.UNFAMILIAR, Indicator.MISS})
"""What is bet on when somebody known is asked about; so is ELSEWHERE, once usual places are known."""


class Quiet(NamedTuple):
    """What became of a day's known and proved people, entry by entry."""

    shown: Ints
    """Known people shown."""
    stepped: Ints
    """Known people past the daily limit: a proof was asked for."""
    refused: Ints
    """Asks past the day's attempts, of either kind."""
    attempts: Ints
    """Attempts after them."""


def quiet(attempts: Ints, shown: Ints, proved: Ints, known: Ints, attempts_max: Ints, known_max: Ints) -> Quiet:
    """Decide `proved` asks with presence, then `known` asks about different known people, for many lines at once.

    Args:
        attempts: attempts of the day so far.
        shown: known people of the day so far.
        proved: asks with proof of presence.
        known: asks about known people not seen by the line that day.
        attempts_max: daily attempts of each line.
        known_max: daily known people of each line, as its probation has it.
    """
    free = np.maximum(0, attempts_max - attempts)
    proved_in = np.minimum(proved, free)
    known_in = np.minimum(known, free - proved_in)
    room = np.maximum(0, known_max - shown)
    new = np.minimum(known_in, room)
    return Quiet(new, known_in - new, proved + known - proved_in - known_in, attempts + proved + known)


def observe_known(state: State, day: int, count: int) -> State:
    """The evidence after `count` asks about known people on `day`: as many calls of `observe`, at once."""
    opened = roll(state, day) if day > state.day else state
    weight = 0.0 if opened.day == state.day else 1 / YEAR_DAYS
    usual = len(opened.areas) == AREAS
    bets = [(bet + weight) * by for bet, by in zip(opened.bets, _left_after(count, usual), strict=True)]
    return State(
        opened.profession, opened.day, opened.year, opened.month, opened.shares, opened.volume, opened.events + count,
        opened.seen, opened.days + (weight > 0), opened.today, tuple(bets), opened.crowd + weight, opened.prefixes,
        opened.areas, opened.accusers, opened.accused, opened.decoys,
    )  # fmt: skip


@lru_cache(maxsize=2048)
def _left_after(count: int, usual: bool) -> tuple[float, ...]:
    """By how much so many asks in a row multiply each bet: lost where one is placed, else as it was."""
    on = _BET_ON | {Indicator.ELSEWHERE} if usual else _BET_ON
    return tuple((1 - bet) ** count if place in on else 1.0 for place in Indicator for bet in BETS[place])


class Declared(NamedTuple):
    """What became of a day's declared readings of people never seen."""

    line: Line
    lines: DeclaredLines
    found: int
    """People shown, each on a place of both declared lines."""
    missed: int
    """Numbers that find nobody: they take no place, and are counted."""


def declared_asks(line: Line, lines: DeclaredLines, found: int, missed: int, most: tuple[int, int, int]) -> Declared:
    """Decide `found` declared readings of people never seen, then `missed` ones of nobody, while nothing stops them.

    Those beyond what is told are for the gate's rule to decide, one by one: a declared line is full, or the day's
    attempts or declared misses are used up. All lines are rolled to the day, and no rung forbids people never seen.
    `most` are the day's attempts, and the declared misses of the line and of its place.
    """
    own, place = lines
    attempts, misses, misses_there = most
    room, free = min(_room(own), _room(place)), attempts - line.attempts
    shown = max(0, min(found, room, free))
    left = min(free - shown, misses - own.attempts, misses_there - place.attempts)
    passed = max(0, min(missed, left)) if shown == found and room > shown else 0
    if shown:
        own, place = take(own, shown), take(place, shown)
    if passed:
        own = spent(own, own.attempts + passed, own.known)
        place = spent(place, place.attempts + passed, place.known)
    if shown or passed:
        line = spent(line, line.attempts + shown + passed, line.known)
    return Declared(line, DeclaredLines(own, place), shown, passed)


def _room(declared: Line) -> int:
    """Places left on a declared line, which knows no probation."""
    return min(declared.limit - declared.open, cap_of(declared.limit) - declared.today)


def spent(line: Line, attempts: int, known: int) -> Line:
    """The line with so many attempts, and known people, today."""
    return Line(
        line.day, line.since, line.limit, line.today, attempts, known, line.weeks, line.freed_256, line.freed_week,
        line.refused, line.seats, line.proofs,
    )  # fmt: skip


def prove_all(line: Line, drawn_days: Sequence[int]) -> Line:
    """The line after proofs of grade B for people drawn on these days: as many calls of `prove`, at once."""
    seats, proofs = list(line.seats), 0
    for drawn_day in drawn_days:
        if line.day - drawn_day < SEAT_DAYS and seats[drawn_day % SEAT_DAYS] > 0:
            seats[drawn_day % SEAT_DAYS] -= 1
        proofs += drawn_day >= line.since
    return Line(
        line.day, line.since, line.limit, line.today, line.attempts, line.known, line.weeks, line.freed_256,
        line.freed_week + len(drawn_days), line.refused, tuple(seats), line.proofs + proofs,
    )  # fmt: skip
