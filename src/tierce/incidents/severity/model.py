"""A cohort of an incident, how its severity is scored, and what a person concludes from it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from tierce.kernel.categories import DataCategory
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Risk


class DataClass(IntEnum):
    """The kind of data, the base of ENISA's *data processing context*."""

    SIMPLE = 1
    BEHAVIOURAL = 2
    FINANCIAL = 3
    SENSITIVE = 4


class Ease(StrEnum):
    """How easily a person is identified, ENISA's EI."""

    NEGLIGIBLE = "0.25"
    LIMITED = "0.5"
    SIGNIFICANT = "0.75"
    MAXIMUM = "1"

    @property
    def worth(self) -> Decimal:
        """The factor."""
        return Decimal(self.value)


class Loss(StrEnum):
    """How far confidentiality, integrity or availability was lost."""

    NONE = "0"
    SOME = "0.25"
    """Known recipients; altered or away, and put right."""
    FULL = "0.5"
    """Unknown recipients; altered and used, or away for good."""

    @property
    def worth(self) -> Decimal:
        """What it adds."""
        return Decimal(self.value)


class Level(IntEnum):
    """The level of severity, under both names: ENISA's low to very high, the CNIL's négligeable to maximale."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    VERY_HIGH = 4


ENISA_LABELS: dict[Level, Phrase] = {
    Level.LOW: Phrase("faible", "low"),
    Level.MEDIUM: Phrase("moyen", "medium"),
    Level.HIGH: Phrase("élevé", "high"),
    Level.VERY_HIGH: Phrase("très élevé", "very high"),
}
CNIL_LABELS: dict[Level, Phrase] = {
    Level.LOW: Phrase("négligeable", "negligible (négligeable)"),
    Level.MEDIUM: Phrase("limitée", "limited (limitée)"),
    Level.HIGH: Phrase("importante", "significant (importante)"),
    Level.VERY_HIGH: Phrase("maximale", "maximum (maximale)"),
}
"""Which CNIL level stands beside which ENISA one is our own choice; no authority published one."""


class Controller(StrEnum):
    """Who decides why the data of a cohort is processed, hence who notifies."""

    INSURERS = "insurers"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Count:
    """An approximate number as article 33(3) wants it: a range, and how it was found."""

    least: int
    most: int
    method: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """People of one incident who share data, controller and message.

    `key` is a short name of letters, digits and hyphens; `people` and `records` are ranges with their method.
    """

    key: str
    label: str
    controller: Controller
    categories: DataCategory
    people: Count
    records: Count


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One step up or down of the context, with its reason."""

    by: int
    reason: str


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a person states of a cohort; every term has its reason."""

    data_class: DataClass
    class_reason: str
    adjustments: tuple[Adjustment, ...]
    ease: Ease
    ease_reason: str
    confidentiality: Loss
    integrity: Loss
    availability: Loss
    malicious: bool
    circumstances_reason: str
    unintelligible: bool = False
    """The data cannot be read by whoever has it: a flag to weigh, it changes no number."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the arithmetic: what, how much, why."""

    term: Phrase
    value: Decimal
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Floor:
    """A least level that a fact of the cohort imposes, whatever the arithmetic says."""

    key: str
    least: Level
    reason: Phrase
    presumes_high_risk: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A severity: `value` by the arithmetic, `level` after floors.

    `near` is true within a quarter of a threshold: a second reader is asked for.
    """

    steps: tuple[Step, ...]
    value: Decimal
    arithmetic: Level
    floors: tuple[Floor, ...]
    level: Level
    near: bool
    flags: tuple[Phrase, ...]

    @property
    def presumes_high_risk(self) -> bool:
        """Whether article 34 is presumed until a person writes why not."""
        return any(floor.presumes_high_risk for floor in self.floors)


@dataclass(frozen=True, slots=True)
class Leak:
    """An earlier public leak as attributes alone: no record of it is held anywhere.

    `people` is what was published; the overlap with a cohort is unknown and never invented.
    """

    key: str
    label: Phrase
    attributes: DataCategory
    people: int


@dataclass(frozen=True, slots=True)
class Coupled:
    """A cohort joined with earlier leaks: its attributes and those reached, the leaks used, what becomes possible."""

    attributes: DataCategory
    leaks: tuple[Leak, ...]
    capabilities: tuple[Phrase, ...]
    score: Score


@dataclass(frozen=True, slots=True)
class Bridge:
    """A person's conclusion from a score to articles 33 and 34."""

    cohort: str
    risk: Risk
    reasoning: str
    against_floor: str
    """Why article 34 is not owed although a floor presumes it; empty when it is not presumed or is owed."""
