"""One letter as her space shows it."""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Language
from tierce.notices.audience.model import Channel, Pair
from tierce.notices.model import Document, ReadOfHer


@dataclass(frozen=True, slots=True)
class Row:
    """One pair of hers on one item that left. A represented item's facts are its reader's: they are not here."""

    audience: int
    item: int
    incident: IncidentId
    day: date
    language: Language
    channel: Channel
    left_at: datetime
    represented: bool
    digest: bytes | None
    """Of the text that two people approved, and the facts it is made from."""
    facts: str | None
    pair: Pair
    read: ReadOfHer | None

    @property
    def key(self) -> tuple[int, int]:
        """Which item."""
        return self.audience, self.item


@dataclass(frozen=True, slots=True)
class Sent:
    """One letter.

    `document` is None where it went to her legal representative (`represented`), or where its words changed since.
    """

    incident: IncidentId
    reference: str
    left_at: datetime
    channel: Channel
    language: Language
    represented: bool
    document: Document | None
