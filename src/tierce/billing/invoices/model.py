"""An invoice as it is sent, what it quotes, and the receipt that its sender gets."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.kernel.care import Domain


class Found(IntEnum):
    """What the database says of a number that is quoted (`care.quote_invoice`)."""

    NOT_OWN = 0
    OWN = 1
    TRIED = 2
    HELD = 3
    CLOSED = 4
    USED = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """An invoice as read from what was sent; `engagement`, `receipt` or `agreement` as it was typed."""

    engagement: str | None
    receipt: str | None
    agreement: str | None
    reference: str
    care_day: int
    lines: tuple[InvoiceLine, ...]

    @property
    def asked(self) -> int:
        """The sum of what the lines ask, in cents."""
        return sum(line.asked for line in self.lines)


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the number that an invoice quotes guarantees its own place."""

    found: Found
    domain: Domain | None
    first_day: int
    last_day: int
    sent_by: int
    """The last day on which it may be quoted."""
    most: int | None
    """What is left of a deposit's amount, in cents; None where an answer gives no amount."""
    guaranteed: bool
    invoice: int | None
    """The invoice that has this reference already."""
    digest: bytes


@dataclass(frozen=True, slots=True)
class Beside:
    """Another invoice of the same place about the same engagement or receipt and day."""

    reference: str
    items: tuple[tuple[str, int], ...]
    """Code and quantity of each line."""


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One line of an own invoice; `due` is None until it is decided."""

    n: int
    sent: InvoiceLine
    due: int | None


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """One invoice as its place reads it: nobody's identity, and no number of a person."""

    id: int
    reference: str
    quotes: str
    """The engagement number, the receipt or the agreement, as printed."""
    by: str
    """Which of them: `engagement`, `receipt` or `agreement`."""
    label: str | None
    domain: Domain
    care_date: date
    at: datetime
    state: InvoiceState
    reason: InvoiceReason
    price: int
    amo: int
    asked: int
    due: int | None
    decided: datetime | None
    cancelled: datetime | None
    cancelled_why: str | None
    said: str | None
    """What two of the operator's staff wrote as they refused it, for nothing decided it."""
    cancellable: bool
    lines: tuple[OwnLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The receipt of an invoice, the same for the same bytes sent again.

    `repeats` are references of own invoices about the same care.
    """

    invoice: OwnInvoice
    repeats: tuple[str, ...]
