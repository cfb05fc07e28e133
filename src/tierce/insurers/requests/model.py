"""One request as its insurer's staff see it; who asks is in the slip, which only the insurer's key opens."""

from dataclasses import dataclass
from datetime import datetime

from tierce.persons.requests.model import RequestKind, RequestOutcome


@dataclass(frozen=True, slots=True)
class InsurerRequest:
    """A request with its clock; `due` is the day by which she must be answered."""

    id: int
    kind: RequestKind
    subject: str
    made: datetime
    due: datetime
    forwarded: datetime
    answered: datetime | None
    """When the operator answered her, which ends the request."""
    outcome: RequestOutcome | None
    replied: datetime | None
    replied_by: str | None
    has_slip: bool
