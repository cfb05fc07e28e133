"""A question about one person's rights, and its answer."""

from dataclasses import dataclass
from datetime import date

from tierce.kernel.card import MemberNumber, Route, normalise_card
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.presence.model import Shown as Proof


@dataclass(slots=True)
class ByNir:
    """Somebody named by the NIR of the rights holder, a birth date and a rank."""

    nir: Nir
    birth_date: BirthDate
    rank: Rank
    amc: None = None

    def canonical(self) -> bytes:
        """Return the bytes of which the keyed index is made."""
        return normalise(self.nir, self.birth_date, self.rank)

    def origin(self) -> tuple[str, str]:
        """Return the département, and what numbers of one month and town share: for keyed forms alone."""
        digits = self.nir.reveal()
        return digits[5:7], digits[1:10]


@dataclass(frozen=True, slots=True)
class ByCard:
    """Somebody named by what an insurer's card says: AMC number, member number, birth date."""

    amc: str
    member_number: MemberNumber
    birth_date: BirthDate
    csr: str = ""
    """What tells insurers apart that share the AMC number; no part of what the person is found by."""

    def canonical(self) -> bytes:
        """Return the bytes of which the keyed index is made."""
        return normalise_card(self.amc, self.member_number, self.birth_date)

    def origin(self) -> None:
        """A card says nothing of where its holder was born."""
        return


@dataclass(slots=True)
class Question:
    """One person, one domain, one day of care; `label` is whatever helps the professional find it again."""

    who: ByNir | ByCard
    domain: Domain
    care_date: date
    label: str | None
    payer: int = 1
    """1: the card's insurer, else the first to pay; 2: the other one that covers too."""
    proof: Proof | None = None
    """What was shown as proof of presence, not yet verified."""


@dataclass(slots=True)
class Shown:
    """Covered: what may be shown of one person for one domain, under one insurer."""

    domain: Domain
    covered_from: date
    covered_until: date
    guarantee: Phrase
    responsible: bool
    """Whether the contract is « responsable »."""
    insurer: str
    priority: int
    """1: this insurer pays first; 2: it pays what the first leaves."""
    other_payer: bool
    """Another insurer covers too: the same question with `payer` 2 shows it, under its own journal line."""
    engagement: str
    """The number to quote on the invoice: quoting it is what guarantees the payment."""
    engagement_until: date
    """The last day on which it may be quoted."""
    route: Route
    """Where the invoice goes, as the card prints it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing is shown, said once presence is proved: a code, one sentence, and what to do."""

    code: str
    sentence: Phrase
    remedy: Phrase


@dataclass(frozen=True, slots=True)
class NotShown:
    """Unknown, not covered, or not shown: one answer for all three until presence is proved; then the reason."""

    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The ask itself was refused, for a reason that says nothing about the person."""

    code: str
    retry_date: date | None
    retry_seconds: int | None = None
    """The same from now on, for a program."""


@dataclass(frozen=True, slots=True)
class Already:
    """The same ask was answered before: the number under which to open it again, None when nothing was shown."""

    engagement: str | None


RightsAnswer = Shown | NotShown | Already | Refused
