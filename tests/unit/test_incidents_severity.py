"""Severity against published examples, and the three cohorts of 2024: step by step, with floors and conclusions."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tierce.incidents.errors import FormError, FreeTextError
from tierce.incidents.register.errors import ReasonRefusedError
from tierce.incidents.severity.model import (
    Adjustment,
    Bridge,
    Cohort,
    Controller,
    Count,
    DataClass,
    Ease,
    Level,
    Loss,
    Scoring,
)
from tierce.incidents.severity.rules import (
    BridgeRefusedError,
    check_bridge,
    check_count,
    class_of,
    context_of,
    couple,
    ease_of,
    level_of,
    score,
)
from tierce.kernel.categories import DataCategory as D
from tierce.policy.clocks import Risk

INSURED_DATA = D.CIVIL_STATUS | D.BIRTH_DATE | D.NIR | D.INSURER | D.GUARANTEES
HP_DATA = D.PROFESSIONAL_RECORD | D.CIVIL_STATUS | D.EMAIL | D.PHONE | D.POSTAL_ADDRESS | D.BANK
LISTED = "compte distinct des personnes de la liste"


def cohort(key: str, categories: D, least: int, most: int, controller: Controller) -> Cohort:
    count = Count(least, most, LISTED)
    return Cohort(key, key, controller, categories, count, count)


INSURED = cohort("assures", INSURED_DATA, 20_000_000, 33_000_000, Controller.INSURERS)
PROFESSIONALS = cohort("professionnels", HP_DATA, 40_000, 45_000, Controller.OPERATOR)
TRANSPORT = cohort("transports", INSURED_DATA | D.MEDICAL, 30, 49, Controller.INSURERS)
STOLEN = Scoring(
    data_class=DataClass.SIMPLE,
    class_reason="identité et couverture",
    adjustments=(),
    ease=Ease.MAXIMUM,
    ease_reason="nom, date de naissance et NIR",
    confidentiality=Loss.FULL,
    integrity=Loss.NONE,
    availability=Loss.NONE,
    malicious=True,
    circumstances_reason="compte hameçonné, destinataires inconnus",
)
TRANSPORT_DOWN = replace(STOLEN, adjustments=(Adjustment(-1, "une seule facture par personne"),))
ROWS = [
    (INSURED, STOLEN, "2.0", Level.MEDIUM, Level.HIGH),
    (INSURED, replace(STOLEN, data_class=DataClass.BEHAVIOURAL), "3.0", Level.HIGH, Level.HIGH),
    (PROFESSIONALS, replace(STOLEN, data_class=DataClass.FINANCIAL), "4.0", Level.VERY_HIGH, Level.VERY_HIGH),
    (TRANSPORT, replace(STOLEN, data_class=DataClass.SENSITIVE), "5.0", Level.VERY_HIGH, Level.VERY_HIGH),
    (TRANSPORT, TRANSPORT_DOWN, "4.0", Level.VERY_HIGH, Level.VERY_HIGH),
]


@pytest.mark.parametrize(("whose", "scoring", "value", "arithmetic", "level"), ROWS)
def test_the_three_cohorts_of_2024(
    whose: Cohort, scoring: Scoring, value: str, arithmetic: Level, level: Level
) -> None:
    found = score(whose, scoring)
    assert (found.value, found.arithmetic, found.level) == (Decimal(value), arithmetic, level)
    context, ease, *circumstances = found.steps
    assert context.value * ease.value + sum(step.value for step in circumstances) == found.value
    assert all(step.reason.fr and step.reason.en for step in found.steps)
    assert found.presumes_high_risk


def test_the_same_facts_give_three_severities_and_two_controllers() -> None:
    levels = [score(whose, scoring).value for whose, scoring, *_ in (ROWS[0], ROWS[2], ROWS[3])]
    assert levels == sorted(set(levels))
    assert {INSURED.controller, PROFESSIONALS.controller} == set(Controller)


@pytest.mark.parametrize(
    ("value", "level"),
    [("0.25", 1), ("1.99", 1), ("2", 2), ("2.75", 2), ("3", 3), ("3.5", 3), ("4", 4), ("5.5", 4)],
)
def test_levels_begin_at_their_thresholds(value: str, level: int) -> None:
    assert level_of(Decimal(value)) == level


@pytest.mark.parametrize(
    ("categories", "ease"),
    [
        (D.NIR, "0.25"),
        (D.NIR | D.BIRTH_DATE, "0.75"),
        (D.NIR | D.CIVIL_STATUS, "1"),
        (D.INSURER, "0.25"),
        (D.CIVIL_STATUS | D.BIRTH_DATE, "0.25"),
        (D.NIR | D.CIVIL_STATUS | D.BIRTH_DATE, "1"),
    ],
)
def test_a_nir_identifies_as_published(categories: D, ease: str) -> None:
    assert ease_of(categories).value == ease


def test_the_gravest_category_sets_the_class_and_the_context_stays_within_its_bounds() -> None:
    assert class_of(D.CIVIL_STATUS) is DataClass.SIMPLE
    assert class_of(D.BANK | D.EMAIL) is DataClass.FINANCIAL
    assert class_of(D.BANK | D.MEDICAL) is class_of(D.REIMBURSEMENTS) is DataClass.SENSITIVE
    assert context_of(STOLEN, DataClass.SENSITIVE) == context_of(
        replace(STOLEN, data_class=DataClass.SENSITIVE), DataClass.SIMPLE
    )
    up, down = Adjustment(1, "plus"), Adjustment(-1, "moins")
    found = [context_of(replace(STOLEN, adjustments=(one,) * 9), DataClass.FINANCIAL) for one in (up, down)]
    assert found == [4, 1]
    assert context_of(replace(STOLEN, adjustments=(up,)), DataClass.BEHAVIOURAL) == 3
    said = score(TRANSPORT, STOLEN).steps[0].reason.fr
    assert said.startswith("données sensibles (4)")
    assert not said.endswith("(1–4)")
    bounded = score(TRANSPORT, replace(STOLEN, adjustments=(up,))).steps[0].reason.fr
    assert bounded.endswith("+1 : plus. (1–4)")


def test_a_floor_falls_with_each_of_its_facts() -> None:
    def keys(whose: Cohort, facts: Scoring = STOLEN) -> set[str]:
        return {floor.key for floor in score(whose, facts).floors}

    by_accident = replace(STOLEN, malicious=False)
    assert keys(PROFESSIONALS, by_accident) == {"number"}
    assert keys(INSURED, by_accident) == {"number"}
    assert keys(TRANSPORT, by_accident) == {"health"}
    assert keys(PROFESSIONALS, replace(STOLEN, confidentiality=Loss.NONE)) == set()
    for most, floors in ((100, set[str]()), (101, {"number"})):
        few = replace(INSURED, categories=D.EMAIL, people=Count(1, most, LISTED))
        assert keys(few) == floors


def test_near_a_threshold_a_second_reader_is_asked_for() -> None:
    assert score(INSURED, STOLEN).near
    away = replace(STOLEN, data_class=DataClass.BEHAVIOURAL, malicious=False, confidentiality=Loss.FULL)
    assert not score(INSURED, away).near


def test_a_floor_needs_its_facts() -> None:
    assert {floor.key for floor in score(INSURED, STOLEN).floors} == {"nir", "number"}
    assert {floor.key for floor in score(PROFESSIONALS, STOLEN).floors} == {"bank", "number"}
    assert {floor.key for floor in score(TRANSPORT, STOLEN).floors} == {"nir", "health"}
    unread = replace(STOLEN, unintelligible=True)
    assert score(INSURED, unread).floors == ()
    assert len(score(INSURED, unread).flags) == 2


def test_a_term_without_its_reason_is_refused() -> None:
    for wrong in (
        replace(STOLEN, class_reason=" "),
        replace(STOLEN, ease_reason=""),
        replace(STOLEN, circumstances_reason=" "),
    ):
        with pytest.raises(FreeTextError):
            score(INSURED, wrong)
    with pytest.raises(FormError, match="one step"):
        score(INSURED, replace(STOLEN, adjustments=(Adjustment(2, "beaucoup de données"),)))


def test_coupling_gives_what_the_cohort_did_not_hold_and_says_what_it_allows() -> None:
    found = couple(INSURED, STOLEN)
    assert not INSURED.categories & (D.EMAIL | D.PHONE | D.POSTAL_ADDRESS)
    assert D.EMAIL | D.PHONE | D.POSTAL_ADDRESS | D.BANK in found.attributes
    assert [leak.key for leak in found.leaks] == ["portail-sante-2022", "emploi-2024", "telecom-2024"]
    assert any("remboursement crédible" in one.fr for one in found.capabilities)
    assert found.score.value > score(INSURED, STOLEN).value


@pytest.mark.parametrize("text", ["", "Risque élevé.", "Nous prenons la sécurité de vos données au sérieux " * 3])
def test_a_conclusion_that_is_empty_or_generic_is_refused(text: str) -> None:
    with pytest.raises((FreeTextError, ReasonRefusedError)):
        check_bridge(Bridge("assures", Risk.HIGH, text, ""), score(INSURED, STOLEN))


def test_passing_under_a_floor_needs_its_own_reasons() -> None:
    reasoning = (
        "Le voleur a lu le NIR et la couverture de chaque personne ; croisés avec une fuite ancienne ils permettent "
        "un faux message de remboursement."
    )
    found = score(INSURED, STOLEN)
    with pytest.raises(BridgeRefusedError) as silent:
        check_bridge(Bridge("assures", Risk.RISK, reasoning, ""), found)
    assert "a NIR cannot be changed" in silent.value.reason.en
    assert "numbers" not in silent.value.reason.en, "what presumes no high risk is not named"
    assert "nombre" not in silent.value.reason.fr
    low = score(replace(INSURED, categories=D.EMAIL), STOLEN)
    assert not low.presumes_high_risk
    assert check_bridge(Bridge("assures", Risk.RISK, reasoning, ""), low).against_floor == ""
    with pytest.raises(ReasonRefusedError):
        check_bridge(Bridge("assures", Risk.RISK, reasoning, "Risque faible."), found)
    kept = check_bridge(Bridge("assures", Risk.RISK, reasoning, reasoning), found)
    assert kept.against_floor == reasoning
    assert check_bridge(Bridge("assures", Risk.HIGH, reasoning, "inutile"), found).against_floor == ""


def test_counts_are_ranges_with_their_method() -> None:
    check_count("people", Count(1, 9, LISTED))
    for wrong in (Count(9, 1, LISTED), Count(0, 0, LISTED), Count(1, 9, "")):
        with pytest.raises(FormError):
            check_count("people", wrong)
