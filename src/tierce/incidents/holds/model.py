"""What staff see before they move somebody on the ladder, and what they order."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tierce.kernel.ids import AssistantId, DeviceId, ProfessionalId, SessionId
from tierce.policy.ladder import Level, Rung


@dataclass(frozen=True, slots=True)
class Hindered:
    """Who a hold of one account, or of one device, would hinder: counts, and never a person covered."""

    level: Level
    subject: int
    accounts: int
    substitutes: int
    """Whoever was declared from it to stand in, now or soon: held with it. None where staff declared."""
    sessions: int
    """Sessions open now, those of the substitutes included."""
    asks: int
    """Asks of the last seven days."""
    shown: int
    """Answers shown in the last seven days."""


@dataclass(frozen=True, slots=True)
class Order:
    """A hold to place."""

    professional: ProfessionalId
    level: Level
    subject: int
    rung: Rung
    last: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session of an account, for its list: what is recognised, and nothing that could be used."""

    id: SessionId
    device: DeviceId | None
    place: str | None
    created: datetime
    ended: datetime | None
    """When it was ended by hand, or when it expired."""
    assistant: AssistantId | None = None
    """Who of her assistants holds it; None: she herself."""


@dataclass(frozen=True, slots=True)
class OwnMail:
    """One e-mail to the professional of who got in under her name; never to which address."""

    what: int
    times: int
    latest: datetime
    how: str
    """What became of it, or `waits`."""
    settled: bool
    """Whether somebody wrote that she was told by another way."""


@dataclass(frozen=True, slots=True)
class NamedAssistant:
    """One assistant of an account, over or not."""

    number: AssistantId
    name: str
    place: str
    until: date
    used: datetime | None
    ended: datetime | None
    ended_by: str | None
    """None of one whom the professional ended, or who is not ended."""
