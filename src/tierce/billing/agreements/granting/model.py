"""An agreement that waits, what is known of it, and the decision. Amounts in cents, days since 1970-01-01."""

from dataclasses import dataclass

from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.deciding.model import Product, Undecided
from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.model import Past
from tierce.kernel.care import Domain
from tierce.policy.documents import DocumentKind


@dataclass(frozen=True, slots=True)
class Pending:
    """One agreement that is received and not decided."""

    id: int
    establishment: int
    person: int
    insurer: int
    domain: Domain
    kind: AgreementKind
    care_day: int
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers the person, and whether it is open for the domain on the first day of the care."""

    product: Product
    is_open: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """One agreement with all that decides it.

    `history` is what was decided of the same person, insurer and domain, and what is granted and not invoiced;
    `granted` the codes of each request of the same place for her that is granted or under review; `until_day` the
    last day of a grant.
    """

    agreement: Pending
    cover: Cover
    until_day: int
    history: tuple[Past, ...] = ()
    granted: tuple[tuple[tuple[str, int], ...], ...] = ()
    contract_ended: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of an agreement; `dues` is what each of its lines is promised, in their order.

    `documents` is what the promise is subject to, whoever makes it.
    """

    state: AgreementState
    reason: InvoiceReason
    dues: tuple[int, ...]
    until_day: int | None = None
    documents: tuple[DocumentKind, ...] = ()


@dataclass(slots=True)
class Granted(Undecided):
    """What one turn did: agreements by what became of them."""

    quoted: int = 0
    granted: int = 0
    subject: int = 0
    """Granted subject to documents."""
    reviewed: int = 0
    """Left to a person of the insurer."""
    refused: int = 0
    expired: int = 0
    unanswered: int = 0
    """Refused, for nobody of the insurer answered in time."""
