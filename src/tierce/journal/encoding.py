"""Version 1 of an entry's bytes: 128 of them, big-endian, every field at a fixed place.

Append-only: a field never moves, a code is never reused, and bytes once written are read for ever. What
does not fit here becomes version 2 beside this one. docs/reference/journal-entry-v1.md is the normative
text, and a test holds the two together.
"""

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from tierce.journal.errors import EntryFieldError, EntryFormatError
from tierce.journal.model import NETWORK_BYTES, POLICY_BYTES, SALT_BYTES, Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    PersonId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Lane, Outcome, Presence

VERSION = 1
ENTRY_BYTES = 128
SEATS_NOT_APPLICABLE = 0xFFFF
CATEGORY_MASK = sum(one.value for one in DataCategory)

_LAYOUT = struct.Struct(">8B5Q3I2H16sQ2I16sQ8s")
assert _LAYOUT.size == ENTRY_BYTES

_WIDTH_BITS = {
    "time_us": 64,
    "professional": 64,
    "establishment": 64,
    "session": 64,
    "device": 64,
    "activity": 32,
    "software": 32,
    "vendor": 32,
    "insurer": 16,
    "person": 64,
    "categories": 32,
    "reference": 64,
}

_Code = TypeVar("_Code", bound=IntEnum)


def encode(entry: Entry) -> bytes:
    """Give the 128 bytes of an entry.

    Raises:
        EntryFieldError: a number is negative or too wide for its field, a byte field has another length
            than the layout's (nothing is ever cut or padded silently), or an unknown category is set.
    """
    seats = entry.seats_after
    if seats is None:
        seats = SEATS_NOT_APPLICABLE
    elif not 0 <= seats < SEATS_NOT_APPLICABLE:
        msg = f"seats_after is {seats}: it must be in 0..{SEATS_NOT_APPLICABLE - 1}, or None"
        raise EntryFieldError(msg)
    try:
        return pack_entry(
            entry.kind, entry.act, entry.lane, entry.outcome, entry.presence, entry.evidence, entry.domain,
            entry.time_us, entry.professional, entry.establishment, entry.session, entry.device, entry.activity,
            entry.software, entry.vendor, entry.insurer, seats, entry.network, entry.person, entry.categories,
            entry.policy, entry.reference, entry.salt,
        )  # fmt: skip
    except EntryFieldError as error:
        raise EntryFieldError(_what_does_not_fit(entry)) from error


def pack_entry(  # noqa: PLR0917 - the layout itself
    kind: int, act: int, lane: int, outcome: int, presence: int, evidence: int, domain: int | None, time_us: int,
    professional: int, establishment: int, session: int, device: int, activity: int, software: int, vendor: int,
    insurer: int, seats: int, network: bytes, person: int, categories: int, policy: bytes, reference: int,
    salt: bytes,
) -> bytes:  # fmt: skip
    """Give the 128 bytes of an entry, field by field in the order of the encoding: the gate writes many at once.

    Raises:
        EntryFieldError: as `encode`, without naming the field.
    """
    if (
        len(network) != NETWORK_BYTES
        or len(policy) != POLICY_BYTES
        or len(salt) != SALT_BYTES
        or categories & ~CATEGORY_MASK
    ):
        msg = "a field of a journal entry does not fit"
        raise EntryFieldError(msg)
    try:
        return _LAYOUT.pack(
            VERSION, kind, act, lane, outcome, presence, evidence, domain or 0, time_us, professional, establishment,
            session, device, activity, software, vendor, insurer, seats, network, person, categories, 0, policy,
            reference, salt,
        )  # fmt: skip
    except struct.error as error:
        msg = "a field of a journal entry does not fit"
        raise EntryFieldError(msg) from error


def _what_does_not_fit(entry: Entry) -> str:
    """Name the first field that does not fit; runs only once the quick path has failed."""
    for name, length in (("network", NETWORK_BYTES), ("policy", POLICY_BYTES), ("salt", SALT_BYTES)):
        got = len(getattr(entry, name))
        if got != length:
            return f"{name} has {got} bytes: it must have {length}"
    unknown = int(entry.categories) & ~CATEGORY_MASK
    if unknown > 0:
        return f"categories sets bits {unknown:#x}, which name no category"
    for name, bits in _WIDTH_BITS.items():
        value = getattr(entry, name)
        if not 0 <= value < 1 << bits:
            # The value itself is not repeated: a caller's mistake could have put anything there.
            return f"{name} does not fit {bits} unsigned bits"
    return "an enumerated field holds a value outside 0..255"


def decode(body: bytes) -> Entry:
    """Read an entry back.

    Raises:
        EntryFormatError: the length, version, a code, a category or the reserved field is not of version 1.
    """
    if len(body) != ENTRY_BYTES:
        msg = (
            f"une ligne a {ENTRY_BYTES} octets, en voici {len(body)} / "
            f"an entry has {ENTRY_BYTES} bytes, these are {len(body)}"
        )
        raise EntryFormatError(msg)
    if body[0] != VERSION:
        msg = (
            f"la version de ligne {body[0]} est inconnue : ce programme lit la version {VERSION} / "
            f"entry version {body[0]} is unknown: this program reads version {VERSION}"
        )
        raise EntryFormatError(msg)
    (
        _version, kind, act, lane, outcome, presence, evidence, domain,
        time_us, professional, establishment, session, device, activity, software, vendor,
        insurer, seats, network, person, categories, reserved, policy, reference, salt,
    ) = _LAYOUT.unpack(body)  # fmt: skip
    if reserved:
        msg = "les octets réservés 92..95 ne sont pas nuls / the reserved bytes 92..95 are not zero"
        raise EntryFormatError(msg)
    if categories & ~CATEGORY_MASK:
        msg = (
            f"les bits {categories & ~CATEGORY_MASK:#x} des catégories n’en nomment aucune / "
            f"categories sets bits {categories & ~CATEGORY_MASK:#x}, which name no category"
        )
        raise EntryFormatError(msg)
    return Entry(
        kind=_code(EntryKind, "kind", kind),
        act=_code(Act, "act", act),
        lane=_code(Lane, "lane", lane),
        outcome=_code(Outcome, "outcome", outcome),
        presence=_code(Presence, "presence", presence),
        evidence=_code(Evidence, "evidence", evidence),
        domain=_code(Domain, "domain", domain) if domain else None,
        time_us=time_us,
        professional=professional,
        establishment=EstablishmentId(establishment),
        session=SessionId(session),
        device=DeviceId(device),
        activity=ActivityId(activity),
        software=SoftwareId(software),
        vendor=VendorId(vendor),
        insurer=InsurerId(insurer),
        seats_after=None if seats == SEATS_NOT_APPLICABLE else seats,
        network=network,
        person=PersonId(person),
        categories=DataCategory(categories),
        policy=policy,
        reference=reference,
        salt=salt,
    )


def _code(enum: Callable[[int], _Code], field: str, value: int) -> _Code:
    try:
        return enum(value)
    except ValueError:
        msg = (
            f"{field} {value} est inconnu : un programme plus récent a écrit cette ligne, ou elle a été altérée / "
            f"{field} {value} is unknown: a newer program wrote this entry, or it was altered"
        )
        raise EntryFormatError(msg) from None
