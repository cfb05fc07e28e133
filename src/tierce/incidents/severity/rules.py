"""ENISA's formula of 2013 step by step, floors, coupling, and what a person's conclusion must hold: pure.

SE = DPC × EI + CB. The formula ignores the number of people and values a lifelong number as any other, hence the
floors. A score supports articles 33 and 34 and never decides them: a person concludes, in writing.
"""

from collections.abc import Iterable
from decimal import Decimal

from tierce.incidents.errors import FormError
from tierce.incidents.register.rules import check_reasons
from tierce.incidents.rules import check_free_text
from tierce.incidents.severity.catalogue import LEAKS, capabilities, reached
from tierce.incidents.severity.model import (
    Bridge,
    Cohort,
    Count,
    Coupled,
    DataClass,
    Ease,
    Floor,
    Leak,
    Level,
    Loss,
    Score,
    Scoring,
    Step,
)
from tierce.kernel.categories import DataCategory as D
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Risk

CONTEXT_MIN, CONTEXT_MAX = 1, 4
THRESHOLDS = (Decimal(2), Decimal(3), Decimal(4))
NEAR = Decimal("0.25")
MANY_PEOPLE = 100
MALICE = Decimal("0.5")

_CLASS_OF = {
    D.BANK: DataClass.FINANCIAL,
    D.MEDICAL: DataClass.SENSITIVE,
    D.REIMBURSEMENTS: DataClass.SENSITIVE,
}
CLASS_LABELS = {
    DataClass.SIMPLE: Phrase("données simples", "simple data"),
    DataClass.BEHAVIOURAL: Phrase("données de comportement ou de statut", "behavioural or status data"),
    DataClass.FINANCIAL: Phrase("données financières", "financial data"),
    DataClass.SENSITIVE: Phrase("données sensibles", "sensitive data"),
}


class BridgeRefusedError(FormError):
    """A conclusion goes against a floor and does not say why."""


def level_of(value: Decimal) -> Level:
    """The level of a score: below 2 low, below 3 medium, below 4 high, then very high."""
    return Level(1 + sum(value >= threshold for threshold in THRESHOLDS))


def class_of(categories: D) -> DataClass:
    """The highest class that a category imposes by itself."""
    return max((found for one, found in _CLASS_OF.items() if one in categories), default=DataClass.SIMPLE)


def ease_of(categories: D) -> Ease:
    """The least ease of identification that a NIR imposes: alone 0.25, with the birth date 0.75, with the name 1."""
    if D.NIR not in categories:
        return Ease.NEGLIGIBLE
    if D.CIVIL_STATUS in categories:
        return Ease.MAXIMUM
    return Ease.SIGNIFICANT if D.BIRTH_DATE in categories else Ease.NEGLIGIBLE


def context_of(scoring: Scoring, least: DataClass) -> int:
    """The processing context, within 1 and 4: the class, at least what the categories impose, and its adjustments."""
    base = max(scoring.data_class, least)
    return min(CONTEXT_MAX, max(CONTEXT_MIN, base + sum(one.by for one in scoring.adjustments)))


def score(cohort: Cohort, scoring: Scoring) -> Score:
    """Score a cohort by what was taken from it alone.

    Raises:
        FormError: a term has no reason, or an adjustment is not one step.
    """
    check_scoring(scoring)
    return _score(cohort, scoring, cohort.categories)


def couple(cohort: Cohort, scoring: Scoring, leaks: Iterable[Leak] = LEAKS) -> Coupled:
    """Score a cohort again, as known by a thief who has earlier leaks too: never lower than alone.

    Raises:
        FormError: as `score`.
    """
    check_scoring(scoring)
    attributes, used = reached(cohort.categories, leaks)
    return Coupled(attributes, tuple(used), capabilities(attributes), _score(cohort, scoring, attributes))


def _score(cohort: Cohort, scoring: Scoring, attributes: D) -> Score:
    context = context_of(scoring, class_of(attributes))
    ease = max((scoring.ease, ease_of(attributes)), key=lambda one: one.worth)
    steps = [
        Step(
            _term("Contexte (DPC)", "Context (DPC)"), Decimal(context), _context_reason(scoring, attributes, context)
        ),
        Step(_term("Identification (EI)", "Identification (EI)"), ease.worth, _ease_reason(scoring, ease)),
    ]
    circumstances = _circumstances(scoring)
    value = Decimal(context) * ease.worth + sum((step.value for step in circumstances), Decimal(0))
    arithmetic = level_of(value)
    floors = tuple(floors_of(cohort, scoring, attributes))
    level = max([arithmetic, *(floor.least for floor in floors)])
    near = any(abs(value - threshold) <= NEAR for threshold in THRESHOLDS)
    return Score((*steps, *circumstances), value, arithmetic, floors, level, near, _flags(cohort, scoring))


def _term(fr: str, en: str) -> Phrase:
    return Phrase(fr, en)


def _context_reason(scoring: Scoring, attributes: D, context: int) -> Phrase:
    stated = scoring.class_reason
    base = max(scoring.data_class, class_of(attributes))
    moved = "".join(f" {one.by:+d} : {one.reason}." for one in scoring.adjustments)
    kept = "" if context == base + sum(one.by for one in scoring.adjustments) else " (1–4)"
    return Phrase(
        f"{CLASS_LABELS[base].fr} ({base}) : {stated}.{moved}{kept}",
        f"{CLASS_LABELS[base].en} ({base}): {stated}.{moved}{kept}",
    )


def _ease_reason(scoring: Scoring, ease: Ease) -> Phrase:
    if ease is scoring.ease:
        return Phrase(f"{scoring.ease_reason}.", f"{scoring.ease_reason}.")
    return Phrase(
        "Le NIR avec le nom ou la date de naissance désigne une seule personne.",
        "The NIR with the name or the birth date names one person.",
    )


def _circumstances(scoring: Scoring) -> list[Step]:
    said = Phrase(f"{scoring.circumstances_reason}.", f"{scoring.circumstances_reason}.")
    return [
        Step(_term("Confidentialité (CB)", "Confidentiality (CB)"), scoring.confidentiality.worth, said),
        Step(_term("Intégrité (CB)", "Integrity (CB)"), scoring.integrity.worth, said),
        Step(_term("Disponibilité (CB)", "Availability (CB)"), scoring.availability.worth, said),
        Step(_term("Malveillance (CB)", "Malice (CB)"), MALICE if scoring.malicious else Decimal(0), said),
    ]


def _flags(cohort: Cohort, scoring: Scoring) -> tuple[Phrase, ...]:
    flags = []
    if cohort.people.most > MANY_PEOPLE:
        flags.append(Phrase("plus de 100 personnes", "more than 100 people"))
    if scoring.unintelligible:
        flags.append(Phrase("données illisibles pour qui les détient", "data unreadable by whoever has it"))
    return tuple(flags)


def floors_of(cohort: Cohort, scoring: Scoring, attributes: D) -> Iterable[Floor]:
    """The least levels that facts impose: a lifelong number with a name, health, an account, how many people."""
    taken = scoring.confidentiality is Loss.FULL and not scoring.unintelligible
    if taken and scoring.malicious and D.NIR | D.CIVIL_STATUS in attributes:
        reason = Phrase(
            "le NIR ne se change pas : avec l’état civil, entre des mains inconnues et malveillantes",
            "a NIR cannot be changed: with civil status, in unknown and malicious hands",
        )
        yield Floor("nir", Level.HIGH, reason, presumes_high_risk=True)
    if taken and attributes & (D.MEDICAL | D.REIMBURSEMENTS):
        reason = Phrase("des soins reçus sont révélés", "care that was received is revealed")
        yield Floor("health", Level.HIGH, reason, presumes_high_risk=True)
    if taken and scoring.malicious and D.BANK in attributes:
        reason = Phrase(
            "un compte bancaire peut être débité ou détourné", "a bank account can be debited or diverted"
        )
        yield Floor("bank", Level.HIGH, reason, presumes_high_risk=True)
    if taken and cohort.people.most > MANY_PEOPLE:
        reason = Phrase(
            "la formule ignore le nombre : plus de 100 personnes, ce n’est pas négligeable",
            "the formula ignores numbers: more than 100 people is not negligible",
        )
        yield Floor("number", Level.MEDIUM, reason, presumes_high_risk=False)


def check_scoring(scoring: Scoring) -> None:
    """Refuse a term without a reason, or an adjustment that is not one step.

    Raises:
        FormError: naming the term.
    """
    check_free_text("class_reason", scoring.class_reason)
    check_free_text("ease_reason", scoring.ease_reason)
    check_free_text("circumstances_reason", scoring.circumstances_reason)
    for one in scoring.adjustments:
        check_free_text("adjustment", one.reason)
        if one.by not in {-1, 1}:
            reason = Phrase("Un ajustement vaut un pas.", "An adjustment is one step.")
            raise FormError("adjustment", reason)


def check_count(field: str, count: Count) -> None:
    """Refuse a range that is empty or upside down, or one that does not say how it was found.

    Raises:
        FormError: naming the field.
    """
    if not 0 <= count.least <= count.most or count.most == 0:
        reason = Phrase("Donnez deux nombres, le plus petit d’abord.", "Give two numbers, the smaller first.")
        raise FormError(field, reason)
    check_free_text(field, count.method)


def check_bridge(bridge: Bridge, found: Score) -> Bridge:
    """Give back a conclusion, trimmed; refuse one that reasons nothing, or that passes under a floor in silence.

    Raises:
        ReasonRefusedError: the reasoning is too short, or would fit any incident.
        BridgeRefusedError: a floor presumes a high risk, and nothing says why it is not one.
    """
    reasoning, against = check_reasons("reasoning", bridge.reasoning), ""
    if found.presumes_high_risk and bridge.risk is not Risk.HIGH:
        if not bridge.against_floor.strip():
            names = "; ".join(floor.reason.en for floor in found.floors if floor.presumes_high_risk)
            noms = " ; ".join(floor.reason.fr for floor in found.floors if floor.presumes_high_risk)
            reason = Phrase(
                f"Un risque élevé est présumé ({noms}) : écrivez pourquoi il ne l’est pas ici.",
                f"A high risk is presumed ({names}); write why it is not one here.",
            )
            raise BridgeRefusedError("against_floor", reason)
        against = check_reasons("against_floor", bridge.against_floor)
    return Bridge(bridge.cohort, bridge.risk, reasoning, against)
