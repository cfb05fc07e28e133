"""What an invoice is, and where it stands. Amounts are whole cents; days count from 1970-01-01, in Paris."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase


class InvoiceState(IntEnum):
    """Where an invoice stands. Numbers are stored: never moved, never reused."""

    RECEIVED = 1
    """Taken in, with its receipt; nothing was looked up of the person."""
    ACCEPTED = 2
    """Decided: `due` is to be paid, which may be less than what was asked."""
    REFUSED = 3
    """Decided: nothing is paid, for one written reason. A corrected invoice has another reference."""
    CANCELLED = 4
    """Taken back by whoever sent it, before its transfer was ordered; never deleted."""
    ORDERED = 5
    """In a grouped transfer that two people approved."""
    PAID = 6
    """The bank said that the transfer was carried out."""
    RETURNED = 7
    """The bank returned the transfer: payable again once there is an account that takes it."""


class InvoiceReason(IntEnum):
    """Why an invoice is refused, or paid in part. Numbers are stored."""

    NONE = 0
    DUPLICATE = 1
    """The same care of the same person at the same place is on another invoice."""
    AFTER_GUARANTEE = 2
    """The day of care is after the last day of the engagement, or before what it covers."""
    ITEM_UNKNOWN = 3
    """A line's code is in no tariff on the day of care."""
    NOT_IN_DOMAIN = 4
    """A line's code belongs to another domain than the engagement."""
    NO_BENEFIT = 5
    """The person's product pays nothing for it."""
    PARTLY = 6
    """Paid up to what the product gives: the lines say which."""
    NOT_GUARANTEED = 7
    """The deposit that is quoted was not guaranteed, or for less."""
    CONTRACT_ENDED = 8
    """The insurer's contract with the operator ended before the day of care."""
    COVER_GONE = 9
    """Said by two of the staff, as the three that follow: nothing decides it. Her cover is no longer held."""
    NUMBER_GONE = 10
    """What it quotes is no longer kept."""
    INSURER_GONE = 11
    """Her insurer answers no more, or nothing opens what it sent."""
    NOT_DECIDABLE = 12
    """Something else keeps it from being decided: the words beside say what."""
    RIGHTS_ENDED = 20
    """An agreement alone: rights are not open on the day on which its care would begin."""
    TO_REVIEW = 21
    """A quote alone: a person of the insurer would decide on a request for the same."""
    NOT_REVIEWED = 22
    """A request that a person of the insurer was to decide on, and did not in time."""
    PRICE_TOO_HIGH = 23
    """Said by a person of the insurer, as those that follow: it asks for a lower price."""
    ITEMS_DISAGREE = 24
    """The codes do not go together."""
    TOO_SOON = 25
    """It renews what was given too recently."""
    DOCUMENT_WANTED = 26
    """The insurer wants a document before it answers."""
    EXCLUDED = 27
    """The contract excludes this care."""
    DOCUMENTS_MISSING = 28
    """A grant subject to documents is over: not all of them were declared in time."""


BY_STAFF = (
    InvoiceReason.COVER_GONE,
    InvoiceReason.NUMBER_GONE,
    InvoiceReason.INSURER_GONE,
    InvoiceReason.NOT_DECIDABLE,
)
"""For what two of the staff refuse an invoice that nothing decides; the place may send it again."""

STATE_LABELS: dict[InvoiceState, Phrase] = {
    InvoiceState.RECEIVED: Phrase("reçue", "received"),
    InvoiceState.ACCEPTED: Phrase("acceptée", "accepted"),
    InvoiceState.REFUSED: Phrase("refusée", "refused"),
    InvoiceState.CANCELLED: Phrase("annulée", "cancelled"),
    InvoiceState.ORDERED: Phrase("virement ordonné", "transfer ordered"),
    InvoiceState.PAID: Phrase("payée", "paid"),
    InvoiceState.RETURNED: Phrase("virement revenu", "transfer returned"),
}


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: what was done, how often, what it cost, what the compulsory scheme pays, what is asked. In cents."""

    item: str
    quantity: int
    price: int
    amo: int
    asked: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as its establishment reads it: nobody's identity."""

    id: int
    reference: str
    domain: Domain
    care_day: int
    at: datetime
    state: InvoiceState
    reason: InvoiceReason
    price: int
    amo: int
    asked: int
    due: int
    lines: tuple[InvoiceLine, ...] = ()
