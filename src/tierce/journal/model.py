"""One line of the journal, as frozen in version 1 of its encoding."""

import secrets
from dataclasses import dataclass, field
from enum import IntEnum

from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    NOBODY,
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Lane, Outcome, Presence

NETWORK_BYTES = 16
POLICY_BYTES = 16
SALT_BYTES = 8
BATCH_ENTRIES_MAX = 256
"""An entry's number is `block * 256 + place`, so a batch has at most this many entries."""

_NO_ESTABLISHMENT = EstablishmentId(0)
_NO_SESSION = SessionId(0)
_NO_DEVICE = DeviceId(0)
_NO_ACTIVITY = ActivityId(0)
_NO_SOFTWARE = SoftwareId(0)
_NO_VENDOR = VendorId(0)
_NO_INSURER = InsurerId(0)


class EntryKind(IntEnum):
    """What a line tells. Numbers are part of the encoding: never moved, never reused."""

    DISCLOSURE = 1
    """Something about a person was shown."""
    REFUSAL = 2
    """An ask was not answered: step-up, limit, ladder or act not allowed."""
    MISS = 3
    """An ask named nobody the register knows."""
    REVISIT = 4
    """An earlier answer was opened again."""
    STAFF_ACT = 5
    EXPORT = 6
    LADDER_MOVE = 7
    FEED = 8
    KEY_OR_POLICY_CHANGE = 9
    CONTROLS_SNAPSHOT = 10
    HEARTBEAT = 11
    REDACTION = 12
    """A line lost its person and salt, for a stated reason; `reference` is its number."""
    PERSON_ACT = 13
    """A person used her own space."""
    IDENTITY = 14
    """A sign-in, a session or a device changed."""
    DEPOSIT = 15
    """A deposit made while closed was taken in or resolved; it names nobody. `reference` is the receipt's number."""
    INSURER_ACT = 16
    """An insurer's staff read counts that tell of their people's activity."""
    UPKEEP = 17
    """The operator looked after the installation: backup, restore, upgrade, retention."""
    CARD = 18
    """A dynamic card was made for a person, to be read at one place."""
    PROOF = 19
    """A proof of a person's presence was taken in, or withdrawn; `reference` begins its number."""
    NOTICE = 21
    """Something was done to tell insurers or people of an incident, which is `reference`; it names nobody exposed."""
    INVOICE = 22
    """An invoice was taken in, decided, cancelled or paid; it names nobody. `reference` is it, or its run."""
    ACCOUNT = 23
    """An establishment's bank account was asked for, confirmed, refused or ended; `reference` is the ask's number."""
    ALERT = 24
    """Another operator's alert came, or was taken back; it names nobody. `reference` is its number."""
    AGREEMENT = 25
    """A prior agreement was asked for, read, decided, cancelled or is over; it names nobody. `reference` is it."""
    ASKED = 26
    """An insurer that keeps its people itself is about to be asked about one of them; a later line says what came."""


def fresh_salt() -> bytes:
    """Draw the salt that keeps a leaf hash from being guessed once the line is redacted."""
    return secrets.token_bytes(SALT_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line, field by field in the order of the encoding (docs/reference/journal-entry-v1.md).

    `time_us` counts microseconds since 1970-01-01T00:00:00Z. `professional` is whoever acted: a
    professional, or for staff acts, persons' acts and machines the acting staff member, person or
    instance. `network` is a keyed pseudonym of the address prefix. `seats_after` is None where seats do
    not apply. `policy` is the first 128 bits of the SHA-256 of the rendered policy. The meaning of
    `reference` depends on `kind`; for a release it is the first day of the period shown (`ordinal_of`).
    """

    kind: EntryKind
    act: Act = Act.NONE
    lane: Lane = Lane.NONE
    outcome: Outcome = Outcome.NONE
    presence: Presence = Presence.NONE
    evidence: Evidence = Evidence.NONE
    domain: Domain | None = None
    time_us: int
    professional: ProfessionalId | StaffId | PersonId | int = 0
    establishment: EstablishmentId = _NO_ESTABLISHMENT
    session: SessionId = _NO_SESSION
    device: DeviceId = _NO_DEVICE
    activity: ActivityId = _NO_ACTIVITY
    software: SoftwareId = _NO_SOFTWARE
    vendor: VendorId = _NO_VENDOR
    insurer: InsurerId = _NO_INSURER
    seats_after: int | None = None
    network: bytes = bytes(NETWORK_BYTES)
    person: PersonId = NOBODY
    categories: DataCategory = DataCategory.NONE
    policy: bytes = bytes(POLICY_BYTES)
    reference: int = 0
    salt: bytes = field(default_factory=fresh_salt)
