"""Which cohort a pair is in, who answers for it, and exact counts: pure."""

from collections.abc import Iterable

from tierce.incidents.cohorts.model import Cohort, CohortCount, ExposedProfessional
from tierce.kernel.categories import DataCategory
from tierce.scope.model import AccountUse

INVOICED = DataCategory.MEDICAL | DataCategory.REIMBURSEMENTS
"""One of these in a pair, and it is in the cohort of invoices."""
OWN_PAGES = DataCategory.CIVIL_STATUS | DataCategory.PROFESSIONAL_RECORD
"""What the portal and /v1 show a professional of herself: her name; her profession, places of work, devices,
sessions, substitutes, holds and past asks. No address, phone, e-mail or bank details: none of hers is held here.
Where others were exposed all the same (bank details in 2024), the row says so: it has its own categories."""


def cohort_of(categories: DataCategory) -> Cohort:
    """The cohort of one (person, insurer) pair, from what was shown of her there."""
    return Cohort.INVOICES if categories & INVOICED else Cohort.INSURED


def exposed_by(uses: Iterable[AccountUse]) -> list[ExposedProfessional]:
    """The professionals exposed by the accounts that lines in scope stand under.

    That an own page was opened leaves no line, so each account that was used counts as read: more, never fewer.
    """
    return [ExposedProfessional(one.professional, OWN_PAGES, one.first_us, one.last_us, one.lines) for one in uses]


def in_two(counts: Iterable[CohortCount], persons: int) -> int:
    """How many persons covered are in both of their cohorts: counted in each, and once in the list's `persons`."""
    return sum(one.persons for one in counts if one.cohort is not Cohort.PROFESSIONALS) - persons
