"""One invoice in her name: a day and a place; of those sent to us by the place, its domain and amounts as well."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tierce.kernel.care import Domain
from tierce.persons.requests.model import ReportAnswer


@dataclass(frozen=True, slots=True)
class Billed:
    """Care of one day at one place; `asked` when somebody there had asked about her rights."""

    id: UUID
    place: str
    care_day: date
    at: datetime
    """When it reached us."""
    asked: bool
    withdrawn: datetime | None
    """When it was taken back."""
    reported_at: datetime | None
    reply: ReportAnswer | None
    domain: Domain | None = None
    """None where a peer reported it, who tells no more than day and place."""
    claimed: int | None = None
    """What the place asks of her insurer, in cents."""
    paid: int | None = None
    """What was paid, once it is."""
    refused: bool = False
