"""One insurer's part of a list, record by record, and what it says back."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tierce.kernel.ids import IncidentId, InsurerId


class Member(NamedTuple):
    """One (person, insurer) of a list as the database gives it: times in seconds since 1970, sealed cover or None."""

    person: int
    categories: int
    first_s: int
    last_s: int
    entries: int
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the records of a hand-over."""

    incident: str
    """The incident's reference, as people quote it."""
    number: IncidentId
    revision: int
    insurer: str
    """The insurer's AMC number."""
    list_digest: bytes
    notice_digest: bytes
    """SHA-256 of the notice's document: the text that goes with these records."""
    slice_digest: bytes
    records: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class HandOver:
    """One encrypted list, ready to be taken; `digest` is of its plain text, `sha256` of what is taken."""

    id: int
    incident: IncidentId
    revision: int
    insurer: InsurerId
    records: int
    size: int
    sha256: bytes
    digest: bytes
    recipient: str
    made_at: datetime
    pieces: int
    taken_at: datetime | None
    taken_by: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """People an insurer told in one hour by one channel."""

    channel: str
    hour: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """What an insurer did with its list: every record is in one count, or named as unexplained."""

    matched: int
    minors: int
    deceased: int
    ambiguous: int
    not_found: int
    unexplained: tuple[str, ...]
    told: tuple[Told, ...]

    @property
    def total(self) -> int:
        """Records that the report accounts for."""
        return self.matched + self.minors + self.deceased + self.ambiguous + self.not_found + len(self.unexplained)
