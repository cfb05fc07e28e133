"""One message that was set aside, and how many there are."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from tierce.kernel.ids import IncidentId, InsurerId, ProfessionalId


class Road(StrEnum):
    """By which road it would have left; the words begin its number."""

    INSURER = "insurer"
    """A notice of an incident to an insurer, or a test of its chain of contacts."""
    PROFESSIONAL = "professional"
    """An e-mail to a professional of what is done in her name."""
    PERSON = "person"
    """A first look-up, told to whoever asked to be told."""
    MESSAGE = "message"
    """A message or a letter of an incident."""


class AsideWhy(StrEnum):
    """Why nobody was told; the words are the rows' own."""

    REFUSED = "refused"
    UNADDRESSED = "unaddressed"
    UNWRITTEN = "unwritten"
    DOUBTFUL = "doubtful"
    RETURNED = "returned"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that was set aside."""

    road: Road
    number: str
    why: AsideWhy
    code: str
    """The server's, never its words."""
    since: datetime
    incident: IncidentId | None
    insurer: InsurerId | None
    professional: ProfessionalId | None
    """Whose account it is about: for a page that leads there."""
    what: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one road for one reason."""

    road: Road
    why: AsideWhy
    number: int
    since: datetime | None
    """The oldest; None where that is not kept."""


class TakenUp(IntEnum):
    """What became of a message that somebody took up; the numbers are the database's."""

    DONE = 0
    NOT_ASIDE = 1
    UNADDRESSED = 2
    OVER = 3
