"""A declaration as it is read, and what it is held to."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from tierce.kernel.care import Domain, Profession
from tierce.policy.documents import DocumentKind


@dataclass(frozen=True, slots=True)
class Declared:
    """What a professional says of one document that she keeps."""

    kind: DocumentKind
    dated: date
    prescriber: str | None
    """An RPPS number whose key holds."""
    digest: bytes
    """SHA-256 of the file."""


class Awaits(IntEnum):
    """What the database says of an agreement for which something would be declared (`care.quote_document`)."""

    NOT_OWN = 0
    YES = 1
    TRIED = 2
    HELD = 3
    CLOSED = 4
    NOTHING = 6


@dataclass(frozen=True, slots=True)
class Subject:
    """An agreement, as far as a declaration is held to it."""

    awaits: Awaits
    domain: Domain | None
    kinds: tuple[DocumentKind, ...]
    asked_by: int | None
    """The professional who asked for it."""


@dataclass(frozen=True, slots=True)
class Prescriber:
    """Whoever has an RPPS number in the directory."""

    id: int
    profession: Profession
