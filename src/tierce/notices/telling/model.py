"""Whom to warn at an insurer, and what has become of each warning."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from tierce.kernel.ids import IncidentId, InsurerId

NO_INCIDENT = IncidentId(0)
"""A test of the chain is about no incident; its number stands where a revision would."""


class WarningKind(IntEnum):
    """What a warning is; numbers are stored."""

    NOTICE = 1
    """The first notice of an incident."""
    COMPLEMENT = 2
    """The list changed for this insurer since the notice before."""
    TEST = 3
    """A test of the chain of contacts, with its date."""


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One person to warn at an insurer; `position` 1 is warned first."""

    id: int
    insurer: InsurerId
    position: int
    name: str
    role: str
    email: str
    phone: str
    tested_at: datetime | None = None
    """When somebody last acknowledged a test that went to this contact."""


@dataclass(frozen=True, slots=True)
class InsurerWarning:
    """One notice to one contact: due, then sent, or refused by the server so many times."""

    id: int
    incident: IncidentId
    revision: int
    insurer: InsurerId
    step: int
    contact: int | None
    kind: WarningKind
    due_at: datetime
    tries: int
    sent_at: datetime | None
    failed: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an insurer has been told of its newest notice of one incident."""

    kind: WarningKind
    revision: int
    warnings: tuple[InsurerWarning, ...]
    """By step."""
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain e-mail; the same `message_id` is the same e-mail, sent again."""

    sender: str
    """The operator's name, beside the address that the settings say."""
    to: str
    subject: str
    text: str
    message_id: str


class Post(Protocol):
    """What sends e-mail."""

    def send(self, mail: Mail) -> None:
        """Hand one e-mail to the server.

        Raises:
            MailRefusedError: the server did not take it; the message says why in a word, without any address.
        """


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    told: int = 0
    received: int = 0
    """Insurers whose first acknowledgement became a time of the incident."""
    repeated: int = 0
    sent: int = 0
    refused: int = 0
    handed_over: int = 0
