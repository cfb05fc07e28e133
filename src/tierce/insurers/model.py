"""Counts of one insurer. No type here has a person, a professional, or another insurer."""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.kernel.care import Domain
from tierce.kernel.ids import IncidentId


@dataclass(frozen=True, slots=True)
class People:
    """How many people of its own an insurer has, as its last import left them on `day`."""

    day: date
    counted: datetime
    covered: int
    """Covered on that day."""
    ended: int
    """Every period of cover is over."""
    future: int
    """Not covered yet: a period begins later."""
    second: int
    """Covered on that day as the second insurer, after another."""
    by_domain: tuple[tuple[Domain, int], ...]
    """Covered on that day for each domain, every domain named."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """Answers shown about the insurer's people: one count as the database tells it.

    `day` is None for the sum of the finished days; `domain` is None for the sum of all domains; `lines` is None
    when it is masked: from 1 to 4, or the next smallest of them, from which a small one could be subtracted.
    """

    day: date | None
    domain: Domain | None
    again: bool
    lines: int | None


@dataclass(frozen=True, slots=True)
class ShownDomain:
    """One domain's counts as its page says them; None is masked, 0 is none at all."""

    domain: Domain
    today: int | None
    before: int | None
    again: int | None
    """Answers opened again on the finished days, apart from the first ones."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown over some days: day by day, the finished ones alone, and domain by domain."""

    days: tuple[tuple[date, int | None], ...]
    domains: tuple[ShownDomain, ...]
    at_least: int
    """The sum of the counts that are told: what is masked is not in it."""
    masked: bool


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How many of the insurer's people are on the list of one established incident."""

    incident: IncidentId
    day: date
    """What the incident's reference bears."""
    aware_at: datetime
    listed_at: datetime
    persons: int
    told: bool
    """Whether the insurer's notice left: it has a page then."""


@dataclass(frozen=True, slots=True)
class PaidBatch:
    """One file for the bank that paid invoices to this insurer; amounts in cents."""

    id: int
    state: int
    """billing.settlement.model.BatchState."""
    filed: datetime
    invoices: int
    amount: int
    back_invoices: int
    """Of those, whose transfer came back, or all of them where the bank rejected the file."""
    back: int
    recovered: int = 0
    """What was taken off the sum, for it was paid before and was not due; below zero, given back."""

    @property
    def paid(self) -> int:
        """What was sent and did not come back."""
        return self.amount - self.back


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided in one month of invoices to this insurer; amounts in cents."""

    month: date
    """Its first day."""
    accepted: int
    asked: int
    due: int
    refused: int
    refused_asked: int


@dataclass(frozen=True, slots=True)
class PaidMonth:
    """One month as its page says it: what was decided in it, and what was sent in it, which may be of another."""

    decided: Decided
    paid: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to be paid for the insurer, as of `at`, in cents: what it is asked to have ready."""

    at: datetime
    invoices: int
    due: int
    """Of these invoices, gathered into no batch yet."""
    gathered: int
    """In batches without a file yet."""
    ordered: int
    """In files of which nobody has said yet what the bank did."""
    settled: int
    """Of what was recovered for it, by another way than a transfer."""
    given: int
    """Back to places, by another way than a transfer."""

    @property
    def total(self) -> int:
        """What has not left yet."""
        return self.due + self.gathered


@dataclass(frozen=True, slots=True)
class Payments:
    """What was paid for the insurer over some months, the newest first, and what is to be."""

    coming: Coming
    months: tuple[PaidMonth, ...]
    batches: tuple[PaidBatch, ...]
    since: date

    @property
    def paid(self) -> int:
        """What was sent and did not come back, in cents."""
        return sum(one.paid for one in self.batches)
