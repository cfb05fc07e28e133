"""Why an invoice or an agreement is not decided, and who of the staff would refuse it. Amounts are whole cents."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple

from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.ids import EstablishmentId, StaffId
from tierce.kernel.language import Phrase


class Which(NamedTuple):
    """One invoice or one agreement: the kind is that of its lines in the journal."""

    kind: EntryKind
    """`INVOICE` or `AGREEMENT`."""
    number: int


class Obstacle(IntEnum):
    """Why `billing` could not decide one. Numbers are stored."""

    NUMBER_GONE = 1
    """What it quotes is no longer kept."""
    COVER_GONE = 2
    """No cover of the person with this insurer, begun by the day of care, is held."""
    UNOPENED = 3
    """No key of ours opens what covers her."""
    FAILED = 4
    """A fault of ours, or the database's word against it: the log of `billing` names it."""
    ALIKE = 5
    """Of an invoice: the place sent the same care in the name of somebody who may be the same person (ADR 0140)."""


class Ruling(IntEnum):
    """What two of the staff say of those who may be one person, of one invoice. Numbers are stored."""

    TWO_PEOPLE = 30
    """It is decided as if nobody resembled her."""
    ONE_PERSON = 31
    """It is decided as if both were invoiced in one name: within what the care cost."""


OBSTACLE_LABELS: Mapping[Obstacle, Phrase] = {
    Obstacle.NUMBER_GONE: Phrase("ce qu’elle cite n’est plus gardé", "what it quotes is no longer kept"),
    Obstacle.COVER_GONE: Phrase(
        "aucun droit de la personne n’est tenu pour ce jour chez cet organisme",
        "no cover of the person is held for that day with this insurer",
    ),
    Obstacle.UNOPENED: Phrase("aucune clé n’ouvre ces droits", "no key opens that cover"),
    Obstacle.ALIKE: Phrase(
        "le lieu a facturé les mêmes soins au nom d’une personne qui est peut-être la même",
        "the place invoiced the same care in the name of somebody who may be the same person",
    ),
    Obstacle.FAILED: Phrase("une faute d’ici : lisez le journal de billing", "a fault of ours: read billing’s log"),
}
REASON_LABELS: Mapping[InvoiceReason, Phrase] = {
    InvoiceReason.COVER_GONE: Phrase(
        "les droits de la personne ne sont plus tenus ici", "the person’s cover is no longer held here"
    ),
    InvoiceReason.NUMBER_GONE: Phrase("ce qu’elle cite n’est plus gardé", "what it quotes is no longer kept"),
    InvoiceReason.INSURER_GONE: Phrase(
        "l’organisme ne répond plus, ou ce qu’il a envoyé ne s’ouvre plus",
        "the insurer answers no more, or what it sent opens no more",
    ),
    InvoiceReason.NOT_DECIDABLE: Phrase("autre chose, que vous écrivez", "something else, which you write"),
}
"""What staff choose from; the place reads the sentence of `REASONS` of invoices, or of agreements."""
RULING_LABELS: Mapping[Ruling, Phrase] = {
    Ruling.TWO_PEOPLE: Phrase("ce sont deux personnes", "they are two people"),
    Ruling.ONE_PERSON: Phrase("c’est une seule personne", "they are one person"),
}
"""What they choose from where that alone is asked; the place reads what becomes of its invoice."""


@dataclass(frozen=True, slots=True)
class RefusalSaid:
    """What one of the staff said of one: its place reads `said` once two have said the same."""

    staff: StaffId
    name: str
    reason: InvoiceReason | Ruling
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alike:
    """Another invoice of the place whose person may be the same: what to ask the place about; nobody covered."""

    reference: str
    insurer: str
    asked: int
    due: int
    at: datetime
    state: InvoiceState


@dataclass(frozen=True, slots=True)
class Undecided:
    """One invoice or agreement that `billing` cannot decide, as staff read it: nobody covered."""

    which: Which
    establishment: EstablishmentId
    place: str
    town: str
    insurer: str
    reference: str
    """The place's own number."""
    domain: Domain
    care_day: date
    at: datetime
    asked: int
    waits: bool
    """Or two said what becomes of it."""
    obstacle: Obstacle
    since: datetime
    refusable_from: datetime
    """Nobody refuses it before."""
    found: int
    """How many there are, also of those that a list leaves out."""
    words: tuple[RefusalSaid, ...] = ()
    alike: tuple[Alike, ...] = ()

    @property
    def choices(self) -> Mapping[InvoiceReason | Ruling, Phrase]:
        """What staff may say of it."""
        of: Mapping[InvoiceReason, Phrase] | Mapping[Ruling, Phrase] = (
            RULING_LABELS if self.obstacle is Obstacle.ALIKE else REASON_LABELS
        )
        return dict(of.items())

    @property
    def ruled(self) -> Ruling | None:
        """What two said of those who may be one person."""
        said = Counter((word.reason, word.said) for word in self.words if isinstance(word.reason, Ruling))
        return next((Ruling(reason) for (reason, _), by in said.items() if by > 1), None)

    def refusable(self, now: datetime) -> bool:
        """Whether staff may say now what becomes of it."""
        return self.waits and (self.obstacle is Obstacle.ALIKE or self.refusable_from <= now)

    def said_by(self, staff: StaffId) -> RefusalSaid | None:
        """What she said of it already."""
        return next((one for one in self.words if one.staff == staff), None)
