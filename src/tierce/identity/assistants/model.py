"""An assistant as her professional sees her, and what a browser is to sign."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from tierce.kernel.ids import AssistantId, EstablishmentId, ProfessionalId


class Stopped(IntEnum):
    """Why `access.name_assistant` and `access.renew_code` did nothing; the numbers are theirs."""

    DONE = 0
    PLACE = 1
    DEVICE = 2
    HELD = 3
    DAYS = 4
    TOO_MANY = 5
    NOT_FOUND = 6
    PASSKEYS = 7
    SIGN_IN = 8


@dataclass(frozen=True, slots=True)
class AssistantRow:
    """One assistant, to the professional who named her."""

    number: AssistantId
    family_name: str
    given_name: str
    place: str
    until: date
    """The last day, included."""
    created: datetime
    let_in: datetime
    """When she was named, or a code or passkey of hers was last made."""
    used: datetime | None
    """Her last sign-in."""
    passkeys: int
    here: bool
    """Whether it is the place of the session that asks."""


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """A code just made, told once."""

    number: AssistantId
    text: str
    ends: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Challenge:
    """What a browser is to sign, and what the site's cookie must keep meanwhile."""

    challenge: str
    binding: str


@dataclass(frozen=True, slots=True, repr=False)
class Begun:
    """A passkey to be made: for whom, and what she has already, so that no authenticator is registered twice."""

    challenge: Challenge
    handle: bytes
    name: str
    place: str
    has: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A passkey that was kept: whose it is."""

    professional: ProfessionalId
    establishment: EstablishmentId
    given_name: str
    place: str


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What a browser sends of a passkey, in the members of WebAuthn's JSON; base64url, as it came."""

    id: str
    client_data: str
    attestation: str = ""
    authenticator_data: str = ""
    signature: str = ""
    user_handle: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """A passkey that we keep: its public key, how often it says that it signed, and how it names her."""

    public_key: bytes
    counter: int
    handle: bytes
