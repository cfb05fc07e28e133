"""An alert of ours: what staff said, and what came of it at each operator."""

from dataclasses import dataclass
from datetime import datetime

from tierce.policy.peer_alerts import Confidence, Event


@dataclass(frozen=True, slots=True)
class Hearer:
    """An operator that is told, and for whom we sign."""

    number: int
    name: str
    audience: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What staff say of a professional, and why; the reason stays here."""

    event: Event
    why: str
    since: datetime | None = None
    until: datetime | None = None
    confidence: Confidence = Confidence.UNSAID


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of one token."""

    operator: str
    tries: int
    delivered: datetime | None
    refused: str
    over: bool
    """Whether nobody tries any more: it is too old, or the operator is registered no longer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of an account, and what came of it."""

    at: datetime
    by: str
    saying: Saying
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One token to carry now."""

    told: int
    peer: int
    push: str
    token: str
