"""Why an invoice or an agreement is not decided, and who of the staff would refuse it. Amounts are whole cents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple

from tierce.billing.model import InvoiceReason
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


OBSTACLE_LABELS: Mapping[Obstacle, Phrase] = {
    Obstacle.NUMBER_GONE: Phrase("ce qu’elle cite n’est plus gardé", "what it quotes is no longer kept"),
    Obstacle.COVER_GONE: Phrase(
        "aucun droit de la personne n’est tenu pour ce jour chez cet organisme",
        "no cover of the person is held for that day with this insurer",
    ),
    Obstacle.UNOPENED: Phrase("aucune clé n’ouvre ces droits", "no key opens that cover"),
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


@dataclass(frozen=True, slots=True)
class RefusalSaid:
    """What one of the staff said of one: its place reads `said` once two have said the same."""

    staff: StaffId
    name: str
    reason: InvoiceReason
    said: str
    at: datetime


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
    """Or two refused it."""
    obstacle: Obstacle
    since: datetime
    refusable_from: datetime
    """Nobody refuses it before."""
    found: int
    """How many there are, also of those that a list leaves out."""
    words: tuple[RefusalSaid, ...] = ()

    def refusable(self, now: datetime) -> bool:
        """Whether staff may refuse it now."""
        return self.waits and self.refusable_from <= now

    def said_by(self, staff: StaffId) -> RefusalSaid | None:
        """What she said of it already."""
        return next((one for one in self.words if one.staff == staff), None)
