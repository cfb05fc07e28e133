"""Who is told what of one person's history, and what waits: a history reveals nobody else's business; pure.

Rendered on docs/reference/persons-space.md, which a test compares with this table. A reader other than the person
herself is offered by no screen today; whoever adds one asks here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import from_micros


class Reader(StrEnum):
    """Who would read, in relation to the person whose lines they are."""

    HERSELF = "herself"
    PARENT = "parent"
    """Her legal representative while she is a minor."""
    HOLDER = "contract holder"
    """Whoever holds the contract that covers her too."""
    SPOUSE = "spouse"
    """Anybody else of her household."""


class Age(StrEnum):
    """The two ages of a minor that change who may read, and an adult."""

    CHILD = "under 15"
    ADOLESCENT = "15 to 17"
    ADULT = "adult"


class Told(StrEnum):
    """How a history is told."""

    IN_FULL = "in full"
    BY_MONTH = "by month"
    """How many asks in each month; never who, where or for which care."""
    NOTHING = "nothing"


AUTHORITY: Final = 4
"""The stated purpose of a reading that an authority asked for (incidents.model.Purpose)."""
AUTHORITY_WAITS: Final = timedelta(days=365)
"""How long a reading for an authority waits before she is told: an inquiry may be secret. Our own delay."""
ADULT_YEARS: Final = 18
ADOLESCENT_YEARS: Final = 15

_TABLE: Final[dict[tuple[Reader, Age], Told]] = {
    (Reader.HERSELF, Age.CHILD): Told.IN_FULL,
    (Reader.HERSELF, Age.ADOLESCENT): Told.IN_FULL,
    (Reader.HERSELF, Age.ADULT): Told.IN_FULL,
    (Reader.PARENT, Age.CHILD): Told.BY_MONTH,
}
"""Everything that is not here is NOTHING: a parent of an adolescent, a contract holder, a spouse, of any age."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of somebody's history as a parent reads it."""

    year: int
    month: int
    asks: int


def age_of(years: int) -> Age:
    """The age that counts, from full years."""
    if years >= ADULT_YEARS:
        return Age.ADULT
    return Age.ADOLESCENT if years >= ADOLESCENT_YEARS else Age.CHILD


def told_to(reader: Reader, age: Age) -> Told:
    """How the history of somebody of this age is told to this reader."""
    return _TABLE.get((reader, age), Told.NOTHING)


def waits(entry: Entry, now: datetime) -> bool:
    """Whether a line is not shown to anybody yet: staff read her civil status for an authority, not long ago."""
    return (
        entry.kind in {EntryKind.STAFF_ACT, EntryKind.EXPORT}
        and int(entry.activity) == AUTHORITY
        and now < from_micros(entry.time_us) + AUTHORITY_WAITS
    )


def by_month(times: list[datetime]) -> list[Month]:
    """Group asks by month, the newest first: all of them, so that none tells of care that was left out."""
    counts: dict[tuple[int, int], int] = {}
    for at in times:
        counts[at.year, at.month] = counts.get((at.year, at.month), 0) + 1
    return [Month(year, month, asks) for (year, month), asks in sorted(counts.items(), reverse=True)]
