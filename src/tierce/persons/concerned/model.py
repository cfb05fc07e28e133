"""What a person is told of an incident."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId


class Answer(StrEnum):
    """The three answers; words of the page are named by them."""

    YES = "yes"
    """A committed line says that she was read."""
    NOT_ESTABLISHED = "not_established"
    """No list yet, or the journal cannot tell of her, or the list is not whole."""
    NO = "no"
    """The list is whole, and she is not on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that the database gives: one incident, and one insurer's copy of her when she is on its list.

    `whole` is None where no list was made yet; `insurer` is None where the list does not hold her.
    """

    incident: IncidentId
    day: date
    """That its reference bears."""
    signal_at: datetime
    listed_at: datetime | None
    whole: bool | None
    insurer: InsurerId | None
    confirmed: bool
    categories: DataCategory
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownUnder:
    """What was shown of her under one insurer's contract, and when."""

    insurer: InsurerId
    insurer_name: str
    categories: DataCategory
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The answer for one incident. `cohort` and `shown` say more where it is yes; `listed_at` is the list's day."""

    incident: IncidentId
    reference: str
    signal_at: datetime
    listed_at: datetime | None
    answer: Answer
    cohort: str
    shown: tuple[ShownUnder, ...]
