"""Crowds: accounts that reach their limit together, which is what many stolen ones look like from afar; pure.

A crowd moves nobody on the ladder by itself: it is shown to staff with who a hold would hinder. One account at its
limit is an ordinary busy day; many of one cell, or on one network, on one day are not.
"""

import math
from collections.abc import Sequence
from statistics import median

CROWD_DAYS = 20
"""Days before today that say what is usual."""
CROWD_SIGMAS = 5
"""Where nothing is usual, the deviation is one account: five or fewer are never called a crowd."""


def usual(before: Sequence[int]) -> float:
    """The most that an ordinary day shows: the median of the days before, and five deviations above it.

    The deviation is the larger of the square root of the median (counts of independent accounts) and of the
    median absolute deviation put on the same scale: one past attack widens neither much.
    """
    middle = median(before) if before else 0.0
    spread = median(abs(count - middle) for count in before) * 1.4826 if before else 0.0
    return middle + CROWD_SIGMAS * max(1.0, math.sqrt(middle), spread)


def is_crowd(today: int, before: Sequence[int]) -> bool:
    """Whether so many accounts at their limit is more than an ordinary day shows."""
    return today > usual(before)
