"""The callers: a professional, a member of staff, a person covered. There is no other kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.kernel.care import Profession
from tierce.kernel.ids import (
    ActivityId,
    AssistantId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    LineId,
    LoginId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.policy.acts import Lane, Site


@dataclass(frozen=True, slots=True)
class Assurance:
    """How surely we know who asks: the eIDAS level proved at sign-in (1, 2, 3) and whether this ask is signed."""

    level: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """A professional acting under one activity, from one device, in one session.

    The same type for the portal and for vendor software; made only from a session that the professional's own
    sign-in opened. `network` is a keyed pseudonym (16 bytes) of the prefix of the address, never the address.
    """

    professional: ProfessionalId
    login: LoginId
    establishment: EstablishmentId
    activity: ActivityId
    profession: Profession
    software: SoftwareId
    vendor: VendorId
    session: SessionId
    device: DeviceId
    line: LineId
    assurance: Assurance
    network: bytes
    lane: Lane = Lane.INTERACTIVE
    """The queue in which her asks wait: that of her software."""
    assistant: AssistantId | None = None
    """Who asks in her name; None: she herself."""


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """A member of the operator's staff, signed in with phishing-resistant means."""

    staff: StaffId
    session: SessionId
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class PersonCaller:
    """A person covered, linked to exactly one person of the register."""

    person: PersonId
    session: SessionId


@dataclass(frozen=True, slots=True)
class InsurerCaller:
    """Somebody of one insurer's staff, signed in with phishing-resistant means; she sees that insurer alone."""

    staff: StaffId
    session: SessionId
    name: str
    insurer: InsurerId
    amc: str
    insurer_name: str


@dataclass(frozen=True, slots=True)
class ProfessionalIdentity:
    """What the professionals' provider said: the national identifier and the exercises it vouches for.

    `places` holds the FINESS and SIRET numbers of each activity, as given; empty strings are dropped. `structures`
    holds the directory's own numbers, all that many a practice of one has.
    """

    national_id: str
    family_name: str
    given_name: str
    level: int
    places: frozenset[str]
    structures: frozenset[str]


@dataclass(frozen=True, slots=True)
class StaffIdentity:
    """What the operator's own provider said of a member of staff."""

    subject: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class InsurerIdentity:
    """What the provider of insurers' staff said of somebody: `amc` is the number of her insurer, as given."""

    subject: str
    name: str
    amc: str


@dataclass(frozen=True, slots=True, repr=False)
class PivotIdentity:
    """The civil identity that the persons' provider vouches for, without NIR. Its repr shows nothing.

    `birth_date` is YYYYMMDD; `gender` is "male" or "female"; `birth_place` is the INSEE code of the commune, empty
    for a birth abroad; `birth_country` is the INSEE code of the country (99100 is France).
    """

    family_name: str
    given_names: str
    birth_date: str
    gender: str
    birth_place: str
    birth_country: str

    def __repr__(self) -> str:
        """Show no trait of the person."""
        return "PivotIdentity(...)"


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity that a professional may choose to act under."""

    id: ActivityId
    profession: Profession
    establishment: EstablishmentId
    establishment_name: str
    town: str


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened. `handle` is shown once, to be kept in a cookie; the database has its digest only."""

    id: SessionId
    handle: str
    expires: datetime
    ticket: str = ""
    """What is shown beside it for minutes, where the session is bound to a key that then signs for another."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """A live session of a professional; before she has chosen, activity and line are None.

    Device and thumbprint are those that it was opened with: None in rows of before there was a key from the first.
    """

    id: SessionId
    site: Site
    login: LoginId
    professional: ProfessionalId
    level: int
    activity: Activity | None
    device: DeviceId | None
    line: LineId | None
    thumbprint: bytes | None
    software: SoftwareId
    vendor: VendorId
    network: bytes
    created: datetime
    used: datetime
    expires: datetime
    lane: Lane = Lane.INTERACTIVE
    """That of the software the session was opened through."""
    assistant: AssistantId | None = None
    """Who holds it in the professional's name; None: she herself."""

    @property
    def signs(self) -> bool:
        """Whether a browser's key is bound, so that each ask must be signed."""
        return self.thumbprint is not None and self.thumbprint != keyless(self.login)


def caller_of(state: SessionState, *, signed: bool) -> Caller:
    """The Caller of a bound session."""
    if state.activity is None or state.device is None or state.line is None:
        raise SessionRefusedError(SessionReason.NOT_BOUND)
    return Caller(
        professional=state.professional,
        login=state.login,
        establishment=state.activity.establishment,
        activity=state.activity.id,
        profession=state.activity.profession,
        software=state.software,
        vendor=state.vendor,
        session=state.id,
        device=state.device,
        line=state.line,
        assurance=Assurance(state.level, signed),
        network=state.network,
        lane=state.lane,
        assistant=state.assistant,
    )


def keyless(login: LoginId) -> bytes:
    """The thumbprint that stands for "no key" of a login: the digest of no JWK, so that no key can have it."""
    return sha256(b"tierce-no-key-v1" + login.to_bytes(8)).digest()


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of the list of sessions that its owner sees: nothing that could be used, all that is recognised."""

    id: SessionId
    device: DeviceId | None
    device_name: str | None
    establishment_name: str | None
    created: datetime
    used: datetime
    """When it was last seen at our doors, to the minute."""
    expires: datetime
    current: bool
    assistant_name: str | None = None
    """Who holds it in the professional's name."""


@dataclass(frozen=True, slots=True)
class SoftwareClient:
    """A registered piece of software: its public keys, and the provider's clients whose tokens it may bring."""

    client_id: str
    software: SoftwareId
    keys: Mapping[str, Any]
    azp: frozenset[str]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One of a professional's own devices, as she recognises it."""

    id: DeviceId
    name: str | None
    """What she called it."""
    signs: bool
    """Whether it holds a key; a browser without JavaScript has none."""
    first: datetime
    used: datetime
    sessions: int
    """Sessions open on it now."""
    new: bool
    """Whether its places are those of a new device."""
    new_until: date | None
    """The first day on which time no longer keeps it new; None when that day has come."""
    continues: bool
    """Whether it draws on the line of an older one."""
    current: bool


@dataclass(frozen=True, slots=True)
class SubstituteRow:
    """Somebody who may work in a professional's place, from a first to a last day, both included."""

    number: int
    name: str
    place: str
    first: date
    last: date
