"""What is billed, and asked before care, in her name: a place and a day; of what was sent to us, domain and amounts.

Amounts in cents.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.model import InvoiceState
from tierce.kernel.care import Domain
from tierce.kernel.ids import EntrySeq
from tierce.persons.requests.model import ReportAnswer
from tierce.policy.documents import DocumentKind


@dataclass(frozen=True, slots=True)
class Told:
    """What an invoice says that the place sent to us itself, and what became of it."""

    domain: Domain
    state: InvoiceState
    price: int
    amo: int
    """What the compulsory scheme pays, as the place states it."""
    claimed: int
    """What the place asks of her insurer."""
    due: int | None
    """What her insurer owes of it, once that is decided."""
    recovered: int = 0
    """What was taken back from the place, for it was paid and was not due."""
    undecidable: bool = False
    """Whether it was refused because nothing decided it: her guarantee was not looked at."""

    @property
    def paid(self) -> int | None:
        """What was paid, once it is."""
        return self.due if self.state is InvoiceState.PAID else None

    @property
    def rest(self) -> int | None:
        """What neither pays, once that is known: a refused invoice may be sent again, corrected."""
        return None if self.due is None or self.state is InvoiceState.REFUSED else self.price - self.amo - self.due


@dataclass(frozen=True, slots=True)
class Billed:
    """Care of one day at one place; `asked` when somebody there had asked about her rights."""

    id: UUID
    place: str
    care_day: date
    at: datetime
    """When it reached us."""
    asked: bool
    withdrawn: datetime | None
    """When it was taken back."""
    reported_at: datetime | None
    reply: ReportAnswer | None
    told: Told | None = None
    """None where a peer reported it, who tells no more than day and place."""


@dataclass(frozen=True, slots=True)
class DeclaredDocument:
    """A document that somebody of the place declared; the place keeps it."""

    kind: DocumentKind
    dated: date
    prescriber: str | None
    """Who signed it; None where the kind has no prescriber."""
    digest: bytes
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Agreed:
    """A quote or a prior agreement that a place asked of her insurer before care."""

    ask: EntrySeq
    """The look-up of her rights that it quotes."""
    place: str
    kind: AgreementKind
    at: datetime
    domain: Domain
    state: AgreementState
    asked: int
    due: int | None
    """What is promised, or would be; None until decided, and where nothing is."""
    until: date | None
    """The last day of care of a grant."""
    ended: datetime | None
    """When it was invoiced, over or taken back."""
    reported_at: datetime | None
    reply: ReportAnswer | None
    documents_by: date | None = None
    """The last day to declare documents, where it was granted subject to some."""
    lapsed: bool = False
    """Whether it is over for want of one."""
    contract_ended: bool = False
    """Whether it is over because her insurer left the operator before that care."""
    undecidable: bool = False
    """Whether it was refused because nothing decided it: her guarantee was not looked at."""
    documents: tuple[DeclaredDocument, ...] = ()
