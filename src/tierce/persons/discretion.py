"""What waits before a person reads it of her own history; nobody else reads it: pure."""

from datetime import datetime, timedelta
from typing import Final

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import from_micros

AUTHORITY: Final = 4
"""The stated purpose of a reading that an authority asked for (incidents.model.Purpose)."""
AUTHORITY_WAITS: Final = timedelta(days=365)
"""How long a reading for an authority waits before she is told: an inquiry may be secret. Our own delay."""


def waits(entry: Entry, now: datetime) -> bool:
    """Whether a line is not shown to anybody yet: staff read her civil status for an authority, not long ago."""
    return (
        entry.kind in {EntryKind.STAFF_ACT, EntryKind.EXPORT}
        and int(entry.activity) == AUTHORITY
        and now < from_micros(entry.time_us) + AUTHORITY_WAITS
    )
