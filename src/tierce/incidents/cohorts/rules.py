"""Which cohort a pair is in, who answers for it, and exact counts: pure."""

from collections.abc import Iterable, Sequence

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort, CohortCount, ControllerCount, ExposedProfessional
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId
from tierce.scope.model import AccountUse, Exposure

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


def count_controllers(
    exposures: Iterable[Exposure], professionals: Sequence[ExposedProfessional]
) -> list[ControllerCount]:
    """Count pairs by cohort and controller, in that order; the sums are those of the whole list."""
    found: dict[tuple[Cohort, InsurerId], tuple[int, int, DataCategory]] = {}

    def add(key: tuple[Cohort, InsurerId], entries: int, categories: DataCategory) -> None:
        pairs, lines, every = found.get(key, (0, 0, DataCategory.NONE))
        found[key] = pairs + 1, lines + entries, every | categories

    for one in exposures:
        add((cohort_of(one.categories), one.insurer), one.entries, one.categories)
    for account in professionals:
        add((Cohort.PROFESSIONALS, OPERATOR), account.entries, account.categories)
    order = list(Cohort)
    keys = sorted(found, key=lambda key: (order.index(key[0]), key[1]))
    return [ControllerCount(cohort, insurer, *found[cohort, insurer]) for cohort, insurer in keys]


def in_two(counts: Iterable[CohortCount], persons: int) -> int:
    """How many persons covered are in both of their cohorts: counted in each, and once in the list's `persons`."""
    return sum(one.persons for one in counts if one.cohort is not Cohort.PROFESSIONALS) - persons
