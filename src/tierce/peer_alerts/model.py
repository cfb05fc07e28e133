"""A peer, and what one of its signed alerts says."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tierce.policy.peer_alerts import Confidence, Event


@dataclass(frozen=True, slots=True)
class Peer:
    """Another operator whose alerts are taken in: its address of issue and its public keys (a JSON Web Key Set)."""

    number: int
    issuer: str
    keys: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What a verified token says; nothing of its free text is here."""

    jti: UUID
    """Begins the digest of its number."""
    event: Event
    rpps: str
    """Of whom; empty where the event is about nobody."""
    since: datetime | None = None
    until: datetime | None = None
    confidence: Confidence = Confidence.UNSAID
