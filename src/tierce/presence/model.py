"""A dynamic card, and what an ask claims of presence; all values."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from tierce.kernel.ids import EstablishmentId, InsurerId, PersonId, SessionId
from tierce.policy.acts import Presence

CARD = "card"
CONFIRMATION = "confirmation"
READING = "reading"
OWN_MEANS = (CARD, CONFIRMATION, READING)
"""Means of our own; any other is the name of a verifier that the operator installed."""


class Reason(StrEnum):
    """Why what was shown as proof of presence is refused before anything is looked up."""

    FORM = "form"
    SIGNATURE = "signature"
    SIGNER = "signer"
    EARLY = "early"
    EXPIRED = "expired"
    AUDIENCE = "audience"
    MEANS = "means"


@dataclass(frozen=True, slots=True)
class Shown:
    """What came with an ask: the means it names and what it holds. It claims no grade; that is ours to say."""

    means: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a dynamic card says; `handle` is a keyed digest that names one person at one place, once."""

    signer: int
    """Number of the signing key."""
    establishment: EstablishmentId
    """Where it may be read, and nowhere else."""
    handle: bytes
    issued: int
    """Seconds since 1970-01-01T00:00:00Z."""
    seconds: int
    """How long it serves."""
    nonce: bytes

    @property
    def expires(self) -> int:
        """The second after which it serves no more."""
        return self.issued + self.seconds


class Kind(IntEnum):
    """How the database looks a claim up; numbers are those of `presence.use`."""

    CARD = 1
    CONFIRMATION = 2
    VERIFIER = 3
    READING = 4


def anybody(_person: PersonId) -> bool:
    """Names whoever was asked about: the verifier compared the identifiers before."""
    return True


@dataclass(frozen=True, slots=True)
class Claim:
    """A proof that one process verified as far as it can alone; the rest is looked up in the ask's transaction."""

    kind: Kind
    grade: Presence
    once: UUID | None
    """Spent in the transaction of the ask; None for a confirmation, which the database holds."""
    signer: int = 0
    """The signing key of a card; the software that declares a reading."""
    names: Callable[[PersonId], bool] = anybody
    """Whether it is about this person."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever holds a live session of the persons' space, and the key that signs for her insurer."""

    session: SessionId
    person: PersonId
    insurer: InsurerId
    signer: int
    """0 when no insurer of hers has a signer."""
    today: int
    """Cards that she asked for today."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card will be read, as the person is told."""

    establishment: EstablishmentId
    name: str
    town: str


@dataclass(frozen=True, slots=True)
class Minted:
    """A card just made: what the QR code holds, and eight digits that stand for it when nothing can read a code."""

    token: str
    spoken: str
    place: Place
    seconds: int
