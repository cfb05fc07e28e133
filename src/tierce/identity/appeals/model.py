"""A hold as the professional it hinders reads it, and her appeal."""

from dataclasses import dataclass
from datetime import datetime

from tierce.policy.ladder import Level, Rung


@dataclass(frozen=True, slots=True)
class OwnHold:
    """One hold of this session's account, device or establishment, or of what declared it.

    Who placed it is told as a machine or a person.
    """

    id: int
    level: Level
    rung: Rung
    since: datetime
    until: datetime
    automatic: bool
    said: datetime | None
    """When she appealed; None when she has not."""
    due: datetime | None
    answered: datetime | None
    answer: str | None
    lifted: bool
    declarer: bool = False
    """It holds the account or the device from which she was declared a substitute, and her with it."""
