"""Cohorts, the professionals exposed, and the counts that a stored list keeps of each."""

from dataclasses import dataclass
from enum import StrEnum

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.language import Phrase


class Cohort(StrEnum):
    """Who shares data, controller and message in one incident; the words are stored."""

    INSURED = "insured"
    """Persons covered, whose identity or rights were shown."""
    INVOICES = "invoices"
    """Persons covered, of whom care or its payment was shown too: fewer than fifty in 2024, and another letter."""
    PROFESSIONALS = "professionals"
    """Professionals whose own account somebody else used."""


COHORT_LABELS: dict[Cohort, Phrase] = {
    Cohort.INSURED: Phrase("Assurés et leurs familles", "Insured persons and their families"),
    Cohort.INVOICES: Phrase("Assurés dont des factures ont été vues", "Insured persons whose invoices were seen"),
    Cohort.PROFESSIONALS: Phrase("Professionnels dont le compte a servi", "Professionals whose account was used"),
}


@dataclass(frozen=True, slots=True)
class ExposedProfessional:
    """A professional whose account somebody else used: what its pages may have shown of her, and when it was used.

    `first_us` and `last_us` are the first and the last line under that account, asks and sign-ins alike
    (microseconds since the epoch); `entries` their number.
    """

    professional: ProfessionalId
    categories: DataCategory
    first_us: int
    last_us: int
    entries: int


@dataclass(frozen=True, slots=True)
class CohortCount:
    """One cohort of a list: different people, (person, controller) pairs, journal lines, all categories shown."""

    cohort: Cohort
    persons: int
    pairs: int
    entries: int
    categories: DataCategory


@dataclass(frozen=True, slots=True)
class InvoicesRead:
    """What a list does not say: readings of a place's invoices, and how many of it they could be matched with."""

    readings: int
    matched: int
    """Pairs on the list with an invoice at such a place, by the last of these readings."""
