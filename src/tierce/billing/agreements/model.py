"""An agreement as it is asked for, and as its place reads it. Amounts in cents, days since 1970-01-01."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from tierce.billing.invoices.model import Found, OwnLine
from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.policy.documents import DocumentKind


class AgreementKind(IntEnum):
    """What is asked for. Numbers are stored, and a decided one of a kind has the state of the next number."""

    QUOTE = 1
    """« Devis »: what would be paid; it promises and reserves nothing."""
    REQUEST = 2
    """« Demande de prise en charge »: a promise to pay, which reserves its part of the caps."""


class AgreementState(IntEnum):
    """Where an agreement stands. Numbers are stored: never moved, never reused."""

    RECEIVED = 1
    """Taken in; nothing was looked up of the person."""
    QUOTED = 2
    """A quote, answered."""
    GRANTED = 3
    """A request, granted: its care is paid as granted until its last day, even if rights close."""
    REFUSED = 4
    """Nothing is promised, for one written reason."""
    INVOICED = 5
    """An invoice that quotes it was accepted."""
    EXPIRED = 6
    """Its last day passed without an invoice: what it reserved is free."""
    CANCELLED = 7
    """Taken back by whoever asked for it; never deleted before its time."""
    UNDER_REVIEW = 8
    """A request that the insurer's benefits leave to one of its people; what the rules give is reserved meanwhile."""
    SUBJECT_TO_DOCUMENTS = 9
    """« Accordée sous réserve de pièces »: reserved, and granted once each document is declared, by a day."""


KIND_LABELS: dict[AgreementKind, Phrase] = {
    AgreementKind.QUOTE: Phrase("devis", "quote"),
    AgreementKind.REQUEST: Phrase("prise en charge", "prior agreement"),
}
STATE_LABELS: dict[AgreementState, Phrase] = {
    AgreementState.RECEIVED: Phrase("reçue", "received"),
    AgreementState.QUOTED: Phrase("chiffrée", "quoted"),
    AgreementState.GRANTED: Phrase("accordée", "granted"),
    AgreementState.REFUSED: Phrase("refusée", "refused"),
    AgreementState.INVOICED: Phrase("facturée", "invoiced"),
    AgreementState.EXPIRED: Phrase("échue", "expired"),
    AgreementState.CANCELLED: Phrase("annulée", "cancelled"),
    AgreementState.UNDER_REVIEW: Phrase("à l’examen", "under review"),
    AgreementState.SUBJECT_TO_DOCUMENTS: Phrase("accordée sous réserve de pièces", "granted subject to documents"),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """An agreement as read from what was sent; `engagement` as it was typed."""

    engagement: str
    reference: str
    kind: AgreementKind
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the engagement that an agreement quotes allows its own place."""

    found: Found
    domain: Domain | None
    first_day: int
    sent_by: int
    agreement: int | None
    """The agreement that has this reference already."""
    digest: bytes


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """A document to which an agreement is subject, and the last declaration of it; None until there is one."""

    kind: DocumentKind
    dated: date | None = None
    prescriber: str | None = None
    """Her RPPS number, where the kind has a prescriber."""
    digest: bytes | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnAgreement:
    """One agreement as its place reads it: nobody's identity, and no number of a person."""

    id: int
    reference: str
    kind: AgreementKind
    engagement: str
    label: str | None
    domain: Domain
    first_day: date
    last_day: date | None
    """The last day of care that it guarantees, once it is granted."""
    at: datetime
    state: AgreementState
    reason: InvoiceReason
    price: int
    amo: int
    asked: int
    due: int | None
    answer_by: date | None
    """While it is under review: the last day on which a person of the insurer may answer."""
    documents_by: date | None
    """While it is granted subject to documents: the last day on which they may be declared."""
    decided: datetime | None
    ended: datetime | None
    cancelled_why: str | None
    invoice: int | None
    """The invoice that quotes it and stands."""
    invoiced_as: str | None
    cancellable: bool
    said: str | None
    """What two of the staff wrote who refused it."""
    lines: tuple[OwnLine, ...] = ()
    documents: tuple[OwnDocument, ...] = ()
