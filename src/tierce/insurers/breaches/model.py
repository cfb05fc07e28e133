"""An incident as one insurer sees it: nothing here has a person, a professional or another insurer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tierce.kernel.ids import IncidentId, InsurerId
from tierce.notices.mandates.model import Mandate
from tierce.notices.model import Document
from tierce.notices.telling.model import WarningKind

AUTHORITY_WITHIN = timedelta(hours=72)
"""GDPR article 33(1): the controller notifies the CNIL within 72 hours of being aware."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that left for the insurer; a test has no document."""

    incident: IncidentId
    revision: int
    kind: WarningKind
    dismissed_at: datetime | None
    """Since when the operator holds that the incident was no breach."""
    persons: int
    document: Document | None
    draft: str | None
    left_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    mandate: Mandate | None

    @property
    def due_at(self) -> datetime:
        """When the 72 hours end, counted from the day and time at which the notice left: the earliest reading."""
        return self.left_at + AUTHORITY_WITHIN


@dataclass(frozen=True, slots=True)
class Recipient:
    """A key to which lists are encrypted: proved by its holder, confirmed by a second, vouched for by us."""

    id: int
    recipient: str
    proposed_by: int
    proposed_name: str
    proposed_at: datetime
    proved_at: datetime | None
    confirmed_name: str | None
    confirmed_at: datetime | None
    vouched_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report as it was taken in."""

    incident: IncidentId
    revision: int
    matched: int
    minors: int
    deceased: int
    ambiguous: int
    not_found: int
    unexplained: tuple[str, ...]
    told: int
    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose session reads: its handle opens her insurer's rows alone."""

    insurer: InsurerId
    handle: bytes
