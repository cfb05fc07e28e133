"""Signs of life in the journal: an instance that lives says so every minute, so that its silence can be seen.

A batch that was never committed leaves a hole in the numbers; an instance that was cut off, stopped or killed leaves
nothing at all. Its last beat and the next one tell from when to when the journal cannot speak for it.
"""

from typing import Final

from tierce.journal.model import Entry, EntryKind

BEAT_SECONDS: Final = 60


def beat(instance: int, at_us: int) -> Entry:
    """The line by which an instance says that it lives, and (`reference`) within how many seconds it says so again.

    Args:
        instance: its number in the journal; the database refuses another's.
        at_us: microseconds since 1970-01-01T00:00:00Z.
    """
    return Entry(kind=EntryKind.HEARTBEAT, time_us=at_us, professional=instance, reference=BEAT_SECONDS)
