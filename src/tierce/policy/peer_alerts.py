"""What another operator's signed alerts may do, and how many of them there may be.

An alert is one accusation (policy/evidence.py): it multiplies what a professional's own asks are worth, and holds
nobody. A peer whose key was stolen could accuse a whole directory, so what it may say in a day is bounded, and a day
that is unusual is told to staff long before the bound.
"""

from datetime import timedelta
from enum import IntEnum
from typing import Final

ALERTS_A_DAY: Final = 500
"""Alerts of one peer in a day; past them its next one is refused until Paris's midnight, and it sends it again."""
OTHERS_A_DAY: Final = 2_000
"""Everything else that one peer sends in a day: what takes alerts back must come through while it accuses."""
UNUSUAL_A_DAY: Final = 50
"""Alerts of one peer in a day from which the office and the doctor say so."""
OLD: Final = timedelta(days=7)
"""How old what a peer signed may be when it comes: it tries again for days while we are away."""
AHEAD: Final = timedelta(minutes=2)
"""How far ahead of our clock it may be dated."""


class Event(IntEnum):
    """What an alert says. Numbers are stored: never moved, never reused."""

    OTHER = 0
    """An event that we know nothing to do with: counted, and nothing else."""
    CREDENTIAL_COMPROMISE = 1
    ACCOUNT_DISABLED = 2
    SESSION_REVOKED = 3
    HARVESTING = 4
    """Used to read the people of a list: our own event, with a time range and a graded confidence."""
    ACCOUNT_ENABLED = 5
    """Takes back what that peer said before of the same professional."""
    VERIFICATION = 6
    """The peer tries whether its alerts arrive."""


ACCUSES: Final = frozenset(
    {Event.CREDENTIAL_COMPROMISE, Event.ACCOUNT_DISABLED, Event.SESSION_REVOKED, Event.HARVESTING}
)


class Confidence(IntEnum):
    """How sure a peer says that it is; each counts as one accusation. Numbers are stored."""

    UNSAID = 0
    SUSPECTED = 1
    PROBABLE = 2
    ESTABLISHED = 3
