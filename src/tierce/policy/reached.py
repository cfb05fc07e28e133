"""Where a message to one adult stands, and which of these places mean that something reached her."""

from enum import IntEnum
from typing import Final


class State(IntEnum):
    """Where an item stands; exactly one at a time. The numbers are stored."""

    TO_SEND = 1
    DOUBTFUL = 2
    """Handed to the mail server, or perhaps not: the attempt began and its end is not known."""
    SENT = 3
    TO_PRINT = 4
    PRINTED = 5
    POSTED = 6
    PUBLIC = 7
    UNSENT = 8
    """Set aside: her text was refused as her message was about to leave. The next sending tries it first."""
    UNPRINTED = 9
    """Set aside: her text was refused as her letter was about to be printed. The next printing tries it first."""
    CHANGED = 10
    """Set aside: her contact data is not what the audience was frozen with. Another audience takes her in."""


TOLD: Final = frozenset({State.SENT, State.POSTED})
"""What reached her, as far as anybody knows: a message or a letter that did not come back."""
UNFINISHED: Final = frozenset(State) - TOLD - {State.PUBLIC}
"""A message or a letter is still owed to her; in `PUBLIC` the public notice alone tells her, once it came out."""
