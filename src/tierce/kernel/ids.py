"""Typed internal identifiers: random 63-bit numbers that mean nothing outside Tierce."""

import secrets
from hashlib import sha256
from typing import NewType

PersonId = NewType("PersonId", int)
InsurerId = NewType("InsurerId", int)
ProfessionalId = NewType("ProfessionalId", int)
EstablishmentId = NewType("EstablishmentId", int)
ActivityId = NewType("ActivityId", int)
SoftwareId = NewType("SoftwareId", int)
VendorId = NewType("VendorId", int)
LoginId = NewType("LoginId", int)
DeviceId = NewType("DeviceId", int)
AssistantId = NewType("AssistantId", int)
LineId = NewType("LineId", int)
SessionId = NewType("SessionId", int)
EntrySeq = NewType("EntrySeq", int)
EngagementNo = NewType("EngagementNo", int)
StaffId = NewType("StaffId", int)
IncidentId = NewType("IncidentId", int)

NOBODY = PersonId(0)
"""The person of an entry that concerns nobody, or somebody the register does not know."""

MAX_ID = 2**63 - 1
"""Identifiers fit PostgreSQL's signed bigint."""


def new_id() -> int:
    """Draw a random identifier in 1 .. 2**63 - 1; it says nothing of order, place or person."""
    return secrets.randbelow(MAX_ID) + 1


def staff_id(subject: str) -> StaffId:
    """The number that stands for a member of staff in the journal: derived from the provider's subject."""
    found = int.from_bytes(sha256(b"tierce-staff-v1" + subject.encode()).digest()[:8]) & MAX_ID
    return StaffId(found or 1)
