"""An appeal as staff read it; no type here has a person covered."""

from dataclasses import dataclass
from datetime import datetime

from tierce.kernel.care import Profession
from tierce.kernel.ids import ProfessionalId
from tierce.policy.ladder import Level, Rung


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a professional says, of which hold, and until when she is answered."""

    id: int
    professional: ProfessionalId
    name: str
    profession: Profession
    said: str
    at: datetime
    due: datetime
    hold: int
    level: Level
    rung: Rung
    reason: str
    by: str
    """Who placed the hold: another person answers."""
    live: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a member of staff."""

    appeal: int
    lift: bool
    words: str
