"""One invoice in her name, as a peer reported it: a day and a place, never an amount nor what the care was."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tierce.persons.requests.model import ReportAnswer


@dataclass(frozen=True, slots=True)
class Billed:
    """Care of one day at one place; `asked` when somebody there had asked about her rights."""

    id: UUID
    place: str
    care_day: date
    at: datetime
    """When the peer's file was taken in."""
    asked: bool
    withdrawn: datetime | None
    """When the peer took it back."""
    reported_at: datetime | None
    reply: ReportAnswer | None
