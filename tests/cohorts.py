"""What the database should count of each cohort, counted from the pairs themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort, CohortCount, ExposedProfessional
from tierce.incidents.cohorts.rules import cohort_of
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId, PersonId
from tierce.scope.model import Exposure


@dataclass(frozen=True, slots=True)
class ControllerCount:
    """What one controller answers for in one cohort; the operator's number is `OPERATOR`."""

    cohort: Cohort
    controller: InsurerId
    pairs: int
    entries: int
    categories: DataCategory


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


def count_cohorts(
    exposures: Sequence[Exposure], professionals: Sequence[ExposedProfessional] = ()
) -> list[CohortCount]:
    """Count every cohort, empty ones too; a person with pairs in two cohorts is one person of each."""
    persons: dict[Cohort, set[PersonId]] = {cohort: set() for cohort in Cohort}
    for one in exposures:
        persons[cohort_of(one.categories)].add(one.person)
    parts = count_controllers(exposures, professionals)
    found = []
    for cohort in Cohort:
        own = [one for one in parts if one.cohort is cohort]
        categories = DataCategory.NONE
        for part in own:
            categories |= part.categories
        pairs = sum(one.pairs for one in own)
        people = pairs if cohort is Cohort.PROFESSIONALS else len(persons[cohort])
        found.append(CohortCount(cohort, people, pairs, sum(one.entries for one in own), categories))
    return found
