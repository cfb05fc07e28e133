"""What the database should count of each cohort, counted from the pairs themselves."""

from collections.abc import Sequence

from tierce.incidents.cohorts.model import Cohort, CohortCount, ExposedProfessional
from tierce.incidents.cohorts.rules import cohort_of, count_controllers
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import PersonId
from tierce.scope.model import Exposure


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
