"""An invoice that waits, what is known of it, and the decision. Amounts in cents, days since 1970-01-01."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Past
from tierce.billing.refusing.model import Ruling
from tierce.kernel.care import Domain


@dataclass(frozen=True, slots=True)
class Guaranteed:
    """What the number that an invoice quotes guarantees still."""

    first_day: int
    last_day: int
    most: int | None = None
    """What is left of a deposit's amount, in cents; None where an answer gives no amount."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One invoice that is received and not decided; `person` is None for one that quotes a deposit."""

    id: int
    establishment: int
    person: int | None
    insurer: int
    domain: Domain
    care_day: int
    deposit: int | None
    agreement: int | None
    guaranteed: Guaranteed | None
    """None: what it quotes is no longer kept."""
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """What covers the person on the day of care, and whether its contract is « responsable »."""

    id: int
    responsible: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Another invoice of the same place, person and day, or of the same deposit, that goes before and stands.

    One that could not be decided for long (`BEHIND_DAYS`) no longer goes before: it finds what this one was paid.
    """

    insurer: int
    waits: bool
    """It is not decided: what is about the same care waits for it."""
    lines: tuple[InvoiceLine, ...]
    dues: tuple[int, ...]
    """What each of its lines is paid, in cents."""
    alike: bool = False
    """It is in the name of somebody else, who may be the same person: another insurer tells of her under another
    number. Where it is to the very insurer of what is decided, that one is told from it by its sign."""

    @property
    def items(self) -> tuple[tuple[str, int], ...]:
        """Code and quantity of each line."""
        return tuple((line.item, line.quantity) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Case:
    """One invoice with all that decides it.

    `history` is what was decided of the same person, insurer and domain, and what is granted and not invoiced;
    `granted` is, by code, units and cents of each line of the agreement that the invoice quotes; `contract_ended` is
    the day on which the insurer's contract with the operator ended, None while it goes on.
    """

    invoice: Waiting
    product: Product | None
    history: tuple[Past, ...] = ()
    beside: tuple[Beside, ...] = ()
    contract_ended: int | None = None
    granted: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    ruling: Ruling | None = None
    """What two of the staff said of those in whose names care of the place may be one person's."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an invoice; `dues` is what each of its lines is paid, in their order."""

    state: InvoiceState
    reason: InvoiceReason
    dues: tuple[int, ...]

    @property
    def due(self) -> int:
        """What is to be paid of it."""
        return sum(self.dues)


@dataclass(slots=True)
class Undecided:
    """What one turn left waiting: no key of ours opens it, its cover or what it quotes is gone, or it failed.

    `alike` would be paid less if those in whose names the care is were one person, which two of the staff say.
    `behind` wait for another about the same care, which is decided first: nothing is wrong of them.
    """

    unopened: int = 0
    uncovered: int = 0
    alike: int = 0
    behind: int = 0
    failed: list[str] = field(default_factory=list)
    """What else went wrong, by its name: each waits for the next turn."""


@dataclass(slots=True)
class Turn(Undecided):
    """What one turn did: invoices by what became of them."""

    accepted: int = 0
    refused: int = 0

    @property
    def decided(self) -> int:
        """How many were decided."""
        return self.accepted + self.refused
