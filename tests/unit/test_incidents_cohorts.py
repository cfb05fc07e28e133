"""Cohorts of a list: the case of 2024, people in two cohorts, and sums that stay exact."""

from tests.cohorts import ControllerCount, count_cohorts, count_controllers
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort, CohortCount, ExposedProfessional
from tierce.incidents.cohorts.rules import (
    OWN_PAGES,
    cohort_of,
    exposed_by,
    in_two,
)
from tierce.kernel.categories import DataCategory as D
from tierce.kernel.ids import InsurerId, PersonId, ProfessionalId
from tierce.scope.model import AccountUse, Exposure, Rule, Status

OAK, ELM = InsurerId(1), InsurerId(2)
RIGHTS = D.CIVIL_STATUS | D.BIRTH_DATE | D.NIR | D.INSURER | D.GUARANTEES
PRACTICE_2024 = D.CIVIL_STATUS | D.PROFESSIONAL_RECORD | D.EMAIL | D.PHONE | D.POSTAL_ADDRESS | D.BANK


def exposure(person: int, insurer: InsurerId, categories: D, entries: int = 1) -> Exposure:
    rules = frozenset({Rule.DEVICE})
    return Exposure(PersonId(person), insurer, categories, 0, 0, entries, rules, Status.CONFIRMED)


def test_s1_the_case_of_2024_is_three_cohorts_with_their_own_data_and_controller() -> None:
    insured = [exposure(n, OAK, RIGHTS, entries=2) for n in range(1_000)]
    invoices = [exposure(2_000 + n, OAK, RIGHTS | D.REIMBURSEMENTS | D.MEDICAL) for n in range(47)]
    practices = [ExposedProfessional(ProfessionalId(n), PRACTICE_2024, 0, 0, 9) for n in range(3)]

    counts = count_cohorts([*insured, *invoices], practices)

    assert counts == [
        CohortCount(Cohort.INSURED, 1_000, 1_000, 2_000, RIGHTS),
        CohortCount(Cohort.INVOICES, 47, 47, 47, RIGHTS | D.REIMBURSEMENTS | D.MEDICAL),
        CohortCount(Cohort.PROFESSIONALS, 3, 3, 27, PRACTICE_2024),
    ]
    assert D.BANK in counts[2].categories
    assert D.BANK not in counts[0].categories | counts[1].categories


def test_one_invoice_or_care_seen_makes_the_cohort_of_invoices_and_identity_alone_does_not() -> None:
    assert {cohort_of(one) for one in (D.NONE, D.NIR, RIGHTS, D.BANK)} == {Cohort.INSURED}
    assert {cohort_of(one) for one in (D.MEDICAL, D.REIMBURSEMENTS, RIGHTS | D.MEDICAL)} == {Cohort.INVOICES}


def test_a_person_in_two_cohorts_under_two_insurers_is_one_person_of_each_and_two_pairs() -> None:
    both = [exposure(7, OAK, RIGHTS), exposure(7, ELM, RIGHTS | D.REIMBURSEMENTS), exposure(8, ELM, RIGHTS)]

    counts = {one.cohort: one for one in count_cohorts(both)}

    assert (counts[Cohort.INSURED].persons, counts[Cohort.INSURED].pairs) == (2, 2)
    assert (counts[Cohort.INVOICES].persons, counts[Cohort.INVOICES].pairs) == (1, 1)
    assert in_two(counts.values(), persons=2) == 1
    practices = exposed_by([AccountUse(ProfessionalId(9), 5, 8, 4)])
    assert in_two(count_cohorts(both, practices), persons=2) == 1, "professionals are of neither"
    assert sum(one.pairs for one in counts.values()) == len(both)


def test_a_person_of_one_cohort_under_two_insurers_is_counted_once_as_a_person() -> None:
    counts = {one.cohort: one for one in count_cohorts([exposure(7, OAK, RIGHTS), exposure(7, ELM, RIGHTS)])}

    assert (counts[Cohort.INSURED].persons, counts[Cohort.INSURED].pairs) == (1, 2)
    assert in_two(counts.values(), persons=1) == 0


def test_n9_each_controller_answers_for_its_own_pairs_and_the_operator_for_professionals() -> None:
    list_ = [exposure(1, ELM, RIGHTS), exposure(2, OAK, RIGHTS, 3), exposure(3, OAK, RIGHTS | D.MEDICAL)]
    practices = exposed_by([AccountUse(ProfessionalId(9), 5, 8, 4)])

    assert practices == [ExposedProfessional(ProfessionalId(9), OWN_PAGES, 5, 8, 4)]
    assert count_controllers(list_, practices) == [
        ControllerCount(Cohort.INSURED, OAK, 1, 3, RIGHTS),
        ControllerCount(Cohort.INSURED, ELM, 1, 1, RIGHTS),
        ControllerCount(Cohort.INVOICES, OAK, 1, 1, RIGHTS | D.MEDICAL),
        ControllerCount(Cohort.PROFESSIONALS, OPERATOR, 1, 4, OWN_PAGES),
    ]


def test_own_pages_hold_no_means_to_reach_or_pay_a_professional() -> None:
    assert not OWN_PAGES & (D.BANK | D.EMAIL | D.PHONE | D.POSTAL_ADDRESS | D.NIR | D.BIRTH_DATE)
