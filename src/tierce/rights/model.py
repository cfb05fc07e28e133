"""A question about one person's rights, and its answer."""

from dataclasses import dataclass
from datetime import date

from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank


@dataclass(frozen=True, slots=True)
class Question:
    """One person, one domain, one day of care; `label` is whatever helps the professional find it again."""

    nir: Nir
    birth_date: BirthDate
    rank: Rank
    domain: Domain
    care_date: date
    label: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Covered: what may be shown of one person for one domain."""

    domain: Domain
    covered_from: date
    covered_until: date
    guarantee: Phrase
    insurer: str
    engagement: str
    """The number to quote on the invoice: quoting it is what guarantees the payment."""


@dataclass(frozen=True, slots=True)
class NotShown:
    """Unknown, not covered, or not shown: one answer for all three until presence is proved."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The ask itself was refused, for a reason that says nothing about the person."""

    code: str
    retry_date: date | None


RightsAnswer = Shown | NotShown | Refused
