"""Who is a client, where and since when; and what the directory said on an earlier day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from tierce.kernel.care import Profession
from tierce.kernel.ids import EstablishmentId, ProfessionalId, SessionId, StaffId
from tierce.kernel.language import Phrase


class Status(IntEnum):
    """Where an enrolment stands. Numbers are stored."""

    APPLIED = 1
    """She signed in at a place that directory and provider both vouch for; nobody decided yet."""
    ENROLLED = 2
    SUSPENDED = 3
    ENDED = 4


STATUS_LABELS: Mapping[Status, Phrase] = {
    Status.APPLIED: Phrase("demande reçue", "applied"),
    Status.ENROLLED: Phrase("inscrit", "enrolled"),
    Status.SUSPENDED: Phrase("suspendu", "suspended"),
    Status.ENDED: Phrase("terminé", "ended"),
}


class Kind(IntEnum):
    """What a row of the past was a row of. Numbers are stored."""

    PROFESSIONAL = 1
    ESTABLISHMENT = 2
    ACTIVITY = 3
    ENROLMENT = 4


@dataclass(frozen=True, slots=True)
class Actor:
    """Who of the staff acts: the name written beside what she did, and what the journal knows her by."""

    name: str
    staff: StaffId
    session: SessionId


@dataclass(frozen=True, slots=True)
class Professional:
    """A professional as the directory tells her; `profession` is None when the operator serves no such profession."""

    id: ProfessionalId
    national_id: str
    family_name: str
    given_name: str
    profession: Profession | None
    active: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An establishment; `number` is its FINESS number, else its SIRET, else the directory's own."""

    id: EstablishmentId
    number: str
    name: str
    town: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One (professional, establishment): where it stands, since which day, and who said so.

    Days are day numbers (civil days in Paris since 1970-01-01). `at` is the moment of the last step.
    """

    id: int
    professional: Professional
    place: Place
    status: Status
    manager: bool
    contract: str
    reason: str
    by: str
    since_day: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Substitution:
    """A substitute at work from `from_day` to `until_day`, both included, unless `ended_day` came before."""

    id: int
    substitute: Professional
    replaced: Professional
    place: Place
    profession: Profession
    from_day: int
    until_day: int
    by: str
    reason: str
    ended_day: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """What one row of the directory said from `from_day` until the day before `until_day` (None: it still does)."""

    kind: Kind
    subject: int
    from_day: int
    until_day: int | None
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Worked:
    """One activity of a professional on a given day, and whether she could ask under it."""

    place: Place
    profession: Profession | None
    listed: bool
    could_ask: bool
    substitution: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who a professional was on a day, and where she worked; `known` is False for a day before she was loaded."""

    day: int
    known: bool
    family_name: str
    given_name: str
    active: bool
    worked: tuple[Worked, ...]
