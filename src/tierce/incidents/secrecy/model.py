"""What was asked, and what holds."""

from dataclasses import dataclass
from datetime import datetime

from tierce.kernel.ids import StaffId


@dataclass(frozen=True, slots=True)
class Asked:
    """What one member of staff wrote and nobody confirmed yet: nothing waits because of it."""

    until: datetime
    why: str
    staff: StaffId
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Secrecy:
    """The last secrecy of an incident, past or running."""

    until: datetime
    why: str
    by: str
    at: datetime
    confirmed_by: str | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Both, where they are."""

    asked: Asked | None
    last: Secrecy | None
