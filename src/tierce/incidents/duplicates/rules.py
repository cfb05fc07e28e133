"""Which times of a duplicate the incident that goes on takes over: pure."""

from datetime import datetime

from tierce.incidents.clocks.rules import OPERATOR, Times
from tierce.policy.clocks import Moment

CARRIED = (Moment.SIGNAL, Moment.AWARE)
"""Delays run from the earlier awareness of the two, whoever had it, and the event begins with its first signal."""


def carried(duplicate: Times, first: Times) -> list[tuple[Moment, datetime]]:
    """The times of a duplicate that are earlier than the other's, or that the other has not."""
    found = []
    for moment in CARRIED:
        at, theirs = duplicate.get((moment, OPERATOR)), first.get((moment, OPERATOR))
        if at is not None and (theirs is None or at < theirs):
            found.append((moment, at))
    return found
