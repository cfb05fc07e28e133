"""The vectorised twin of the rule for asks that are nearly free: known people, and people whose presence is proved.

Such an ask moves the attempts of the day, the known people of the day, and the evidence, and nothing else. So a day
of them is a few sums, for all desks at once; tests/property/test_lab_twin.py holds it equal to the gate's own rule.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tierce.policy.evidence import BETS, YEAR_DAYS, Indicator, State, roll

Ints = NDArray[np.int64]
_NOT = tuple(1 - bet for bet in BETS)
_BET_ON = (Indicator.UNFAMILIAR, Indicator.MISS)
"""What is bet on when somebody known is asked about; the other indicators are not defined then."""


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
    opened = roll(state, day)
    weight = 0.0 if opened.day == state.day else 1 / YEAR_DAYS
    bets = [bet + weight for bet in opened.bets]
    for place in _BET_ON:
        for n, lost in enumerate(_NOT):
            bets[place * len(BETS) + n] *= lost**count
    return opened._replace(
        bets=tuple(bets), crowd=opened.crowd + weight, days=opened.days + (weight > 0), events=opened.events + count
    )
