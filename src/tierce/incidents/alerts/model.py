"""Another operator's alert as staff read it, and who sends them; no type here has a person covered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tierce.kernel.ids import ProfessionalId
from tierce.policy.peer_alerts import ALERTS_A_DAY, UNUSUAL_A_DAY, Confidence, Event


class Standing(StrEnum):
    """What an alert does."""

    COUNTS = "counts"
    """It multiplies what the asks of this professional's devices are worth."""
    WAITS = "waits"
    """No device of hers was seen here: it counts from the first one on."""
    TAKEN_BACK = "taken_back"
    SET_ASIDE = "set_aside"
    OVER = "over"
    """It came more than ACCUSED_DAYS ago."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: who says it, of whom, when, and what became of it."""

    number: int
    professional: ProfessionalId
    name: str
    operator: str
    at: datetime
    by: str
    """Who entered it; empty when the operator's own program sent it."""
    event: Event | None
    since: datetime | None
    until: datetime | None
    confidence: Confidence
    ended: datetime | None
    ended_by: str
    ended_why: str
    devices: int
    """Lines of hers on which it was counted."""
    standing: Standing

    @property
    def in_force(self) -> bool:
        """Whether it counts, or would."""
        return self.standing in {Standing.COUNTS, Standing.WAITS}


@dataclass(frozen=True, slots=True)
class Sender:
    """An operator whose program may send alerts, and what came from it today."""

    name: str
    ended: datetime | None
    alerts: int
    unknown: int
    """Alerts of the day about professionals whom our directory has not."""
    others: int

    @property
    def unusual(self) -> bool:
        """Whether staff should look: many alerts in a day are a run of thefts, or a key in wrong hands."""
        return self.alerts >= UNUSUAL_A_DAY

    @property
    def full(self) -> bool:
        """Whether its next alert of the day is refused."""
        return self.alerts >= ALERTS_A_DAY
