"""How much a file of rights may take away before somebody has to confirm it.

A file cut short, of another day or of another insurer looks like thousands who lost their cover, and would leave them
without an answer at the desk. So what takes away waits for the end of the file, is counted, and above this share
waits for an operator who repeats the number.
"""

from typing import Final

SHRINK_PER_CENT_MAX: Final = 5
"""Share of the people covered on the file's day who may lose their cover by one file."""

SHRINK_PEOPLE_MIN: Final = 20
"""So many people or fewer are never abnormal: a small insurer ends a few contracts."""

SHRINK_AHEAD_DAYS: Final = 31
"""Cover that a line makes end within so many days of its own is taken away by it, whatever status the line gives."""

PRICE_MOVE_PER_CENT_MAX: Final = 50
"""A tariff or a benefit that moves by a greater share of what it was may be cents taken for euros, or a slip of the
hand: somebody repeats how many do."""

EFFECTIVE_AHEAD_DAYS: Final = 92
"""A line describes a day at most so far ahead: one of a later year would speak over every file until then."""


def shrinks_abnormally(losing: int, covered: int) -> bool:
    """Tell whether so many people losing their cover, of so many who have it, need a confirmation."""
    return losing > SHRINK_PEOPLE_MIN and losing * 100 > covered * SHRINK_PER_CENT_MAX


def moves_abnormally(before: int | None, after: int | None) -> bool:
    """Tell whether an amount of a tariff or benefit moves so far that somebody must have looked; None is no limit."""
    if before is None or after is None:
        return before is not None
    return abs(after - before) * 100 > before * PRICE_MOVE_PER_CENT_MAX


def covered_enough(losing: int) -> int:
    """So many people covered, and `losing` of them are not abnormally many: no more need be counted."""
    return 0 if losing <= SHRINK_PEOPLE_MIN else -(-losing * 100 // SHRINK_PER_CENT_MAX)
