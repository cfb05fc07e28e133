"""A message: the facts from which every text of one sending is made."""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, StaffId
from tierce.notices.model import Document, Facts, Operator


@dataclass(frozen=True, slots=True)
class Shown:
    """All that was shown of one cohort, and when: from which its specimen is written."""

    cohort: Cohort
    categories: DataCategory
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What every text of an incident's messages states; none of it is of one person."""

    facts: Facts
    operator: Operator
    dated: date
    reference: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it is stored, with the digest that approvals name."""

    id: int
    incident: IncidentId
    digest: bytes
    message: Message
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """The text of one cohort as a reader gets it, with invented names, for staff to read before they approve."""

    cohort: Cohort
    represented: bool
    document: Document


@dataclass(frozen=True, slots=True)
class Approval:
    """One member of staff approved one audience and one text."""

    staff: StaffId
    name: str
    at: datetime


APPROVALS_NEEDED = 2
"""Different people."""
