"""Where an import of rights stands, as registry.feed says it."""

from dataclasses import dataclass, field
from enum import StrEnum

from tierce.kernel.feed import FeedCounts


class Phase(StrEnum):
    """What an import is doing."""

    READING = "reading"
    LOADING = "loading"
    """The first load of an empty register, whose indexes are set aside."""
    INDEXING = "indexing"
    PUTTING_OFF = "putting_off"
    """Weighing what would be taken away; a held import waits here."""
    ENDING = "ending"
    """Taking the lines that were put off to the end, then ending the cover of people whom a whole file leaves out."""
    DONE = "done"


@dataclass(slots=True)
class Progress:
    """One import of a rights file; everything is committed with the lines it speaks of.

    `lines_done` and `bytes_done` count what lies behind, the header left out of the first and not of the second.
    `told` marks the file: 64 bits of its digest. `shrink` is how many people would lose their cover, once that was
    found abnormal; `confirmed` the number that an operator repeated.
    """

    feed: int
    sha256: bytes
    lines_total: int
    bytes_total: int
    whole: bool
    phase: Phase = Phase.READING
    effective_day: int | None = None
    lines_done: int = 0
    bytes_done: int = 0
    unread: int = 0
    shrink: int | None = None
    confirmed: int | None = None
    resumed: int = 0
    rate: float = 0.0
    counts: FeedCounts = field(default_factory=FeedCounts)

    @property
    def told(self) -> int:
        """The mark of the file on every period that it tells of."""
        return int.from_bytes(self.sha256[:8], "big", signed=True)
