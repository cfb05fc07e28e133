"""Tariffs, benefits, and what pricing a line gives. Amounts are whole cents; days count from 1970-01-01, in Paris."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.policy.documents import DocumentKind


class Basket(IntEnum):
    """To which basket an item belongs. Numbers are stored."""

    NONE = 0
    CLASS_A = 1
    """« 100 % Santé »: a responsible contract pays all that is left of it, within the price ceiling."""
    CLASS_B = 2


class Measure(IntEnum):
    """In what a product's benefit is counted. Numbers are stored."""

    SHARE_WITH = 1
    """A share of the base, the compulsory scheme's part in it."""
    SHARE_BEYOND = 2
    """A share of the base, on top of the compulsory scheme's part."""
    WHOLE_TM = 3
    """The whole ticket modérateur: the base less the compulsory scheme's part."""
    FIXED = 4
    """Cents for each unit."""
    REAL = 5
    """Whatever the compulsory scheme leaves of the price."""


@dataclass(frozen=True, slots=True)
class Formula:
    """How much a product gives; `value` is a percentage for a share, cents for a fixed amount, 0 for the others."""

    measure: Measure
    value: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a benefit gives within any `months` in a row: an amount, a number of units, or both."""

    months: int
    cents: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """One item, from one day on, until a later row of the same item or its own last day."""

    item: str
    domain: Domain
    basket: Basket
    base: int
    """Base of reimbursement of one unit, in cents."""
    rate: int
    """The compulsory scheme's share of the base, in per mille."""
    ceiling: int | None
    """The highest price of one unit that counts, in cents."""
    whole_tm: bool
    """Whether a responsible contract owes its whole ticket modérateur (R871-2 excepts some items)."""
    least: int | None
    """The least that a responsible contract pays for one unit, in cents, where the law sets one."""
    most: int | None
    """The most that a responsible contract pays for one unit, in cents, where the law sets one."""
    label: Phrase
    from_day: int
    until_day: int
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What a product gives for an item, or for every item of a domain that has no benefit of its own."""

    product: int
    domain: Domain
    item: str | None
    """None: every item of the domain that no benefit names."""
    formula: Formula
    cap: Cap | None
    from_day: int
    until_day: int
    review_from: int | None = None
    """From so many cents of it on one request for an agreement, a person of the insurer decides; None: never."""
    documents: tuple[DocumentKind, ...] = ()
    """To which documents a request for an agreement that it gives anything for is subject, each once, in order."""
    id: int = 0

    @property
    def key(self) -> str:
        """Under what its use is counted: the item, or the domain with a star before it, which no item's code has."""
        return self.item or domain_key(self.domain)


def domain_key(domain: Domain) -> str:
    """Under what the use of a whole domain's benefit is counted."""
    return f"*{domain.name}"


@dataclass(frozen=True, slots=True)
class Used:
    """What was used of a benefit in the fullest window that a care day is in."""

    cents: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """A line already decided of the same person and product: what a cap counts.

    One that is granted and not invoiced may be of any day from `care_day` to `until_day`.
    """

    item: str
    care_day: int
    quantity: int
    due: int
    until_day: int | None = None

    @property
    def last_day(self) -> int:
        """The last day on which this care may be."""
        return self.care_day if self.until_day is None else self.until_day


@dataclass(frozen=True, slots=True)
class Tables:
    """Every tariff and benefit ever sent, as of an edition."""

    tariffs: Mapping[str, tuple[Tariff, ...]]
    """By item."""
    benefits: Mapping[tuple[int, str], tuple[Benefit, ...]]
    """By product and key."""
    edition: int = 0
    """The number of the last row in it: rows are only added, so that the number alone gives the same tables again."""


class StepKind(IntEnum):
    """What a step of the calculation says."""

    PRICE = 1
    BASE = 2
    AMO = 3
    TM = 4
    FORMULA = 5
    RESPONSIBLE = 6
    LIMIT = 7
    CAP = 8
    RESULT = 9


@dataclass(frozen=True, slots=True)
class Step:
    """One step, in words that give every number it is made of, and the amount after it."""

    kind: StepKind
    words: Phrase
    cents: int


@dataclass(frozen=True, slots=True)
class Priced:
    """What is due of one line, the compulsory part that was counted, and how both were reached."""

    due: int
    amo: int
    steps: tuple[Step, ...]
