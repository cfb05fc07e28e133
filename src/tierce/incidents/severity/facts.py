"""A cohort and its scoring as the register keeps them, and back."""

from collections.abc import Mapping

from tierce.incidents.register.model import Facts
from tierce.incidents.severity.model import (
    Adjustment,
    Cohort,
    Controller,
    Count,
    DataClass,
    Ease,
    Loss,
    Scoring,
)
from tierce.kernel.categories import DataCategory


def facts_of(cohort: Cohort, scoring: Scoring) -> dict[str, object]:
    """Everything a person stated, so that the score can be computed again from the row alone."""
    return {
        "key": cohort.key,
        "label": cohort.label,
        "controller": str(cohort.controller),
        "categories": int(cohort.categories),
        "people": _count_facts(cohort.people),
        "records": _count_facts(cohort.records),
        "class": int(scoring.data_class),
        "class_reason": scoring.class_reason,
        "adjustments": [[one.by, one.reason] for one in scoring.adjustments],
        "ease": str(scoring.ease),
        "ease_reason": scoring.ease_reason,
        "confidentiality": str(scoring.confidentiality),
        "integrity": str(scoring.integrity),
        "availability": str(scoring.availability),
        "malicious": scoring.malicious,
        "circumstances_reason": scoring.circumstances_reason,
        "unintelligible": scoring.unintelligible,
    }


def _count_facts(count: Count) -> dict[str, object]:
    return {"least": count.least, "most": count.most, "method": count.method}


def cohort_of(facts: Facts) -> Cohort:
    """Read a cohort back from its row."""
    return Cohort(
        key=str(facts["key"]),
        label=str(facts["label"]),
        controller=Controller(str(facts["controller"])),
        categories=DataCategory(int(str(facts["categories"]))),
        people=_count(facts["people"]),
        records=_count(facts["records"]),
    )


def scoring_of(facts: Facts) -> Scoring:
    """Read what was stated of a cohort back from its row."""
    adjustments = facts["adjustments"]
    assert isinstance(adjustments, list)
    return Scoring(
        data_class=DataClass(int(str(facts["class"]))),
        class_reason=str(facts["class_reason"]),
        adjustments=tuple(Adjustment(int(by), str(reason)) for by, reason in adjustments),
        ease=Ease(str(facts["ease"])),
        ease_reason=str(facts["ease_reason"]),
        confidentiality=Loss(str(facts["confidentiality"])),
        integrity=Loss(str(facts["integrity"])),
        availability=Loss(str(facts["availability"])),
        malicious=bool(facts["malicious"]),
        circumstances_reason=str(facts["circumstances_reason"]),
        unintelligible=bool(facts["unintelligible"]),
    )


def _count(value: object) -> Count:
    assert isinstance(value, Mapping)
    return Count(int(value["least"]), int(value["most"]), str(value["method"]))
