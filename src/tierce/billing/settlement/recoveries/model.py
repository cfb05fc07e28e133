"""What is recovered, why, and how far it is. Amounts are whole cents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tierce.kernel.ids import StaffId
from tierce.kernel.language import Phrase


class Reason(IntEnum):
    """Why what was paid is not due. Numbers are stored."""

    TAKEN_BACK = 1
    COVER = 2
    PRICE = 3
    NOT_HERS = 4
    DUPLICATE = 5
    OTHER = 9


class Word(IntEnum):
    """What staff say of one. Numbers are stored."""

    APPROVE = 1
    CANCEL = 2
    SETTLE = 3
    """The rest was paid back, or given back, by another way than a transfer."""


class Stage(IntEnum):
    """How far one is; told by its rows, never stored."""

    ASKED = 1
    """One person opened it: the place reads nothing of it yet."""
    TOLD = 2
    """Two people approved it: the place reads it, and may contest."""
    RUNNING = 3
    """It is taken from transfers."""
    DONE = 4
    CANCELLED = 5
    RETURNED = 6
    """The bank returned the transfer of its invoice: nothing of it is due now, and what was taken is given back."""


REASON_LABELS: Mapping[Reason, Phrase] = {
    Reason.TAKEN_BACK: Phrase(
        "le lieu a repris sa facture après le paiement", "the place took its invoice back once paid"
    ),
    Reason.COVER: Phrase("les droits ont été corrigés", "the cover was corrected"),
    Reason.PRICE: Phrase("un tarif ou une garantie a été corrigé", "a tariff or a benefit was corrected"),
    Reason.NOT_HERS: Phrase("la personne n’a pas reçu ces soins", "the person did not receive this care"),
    Reason.DUPLICATE: Phrase("les mêmes soins ont été payés deux fois", "the same care was paid twice"),
    Reason.OTHER: Phrase("autre motif", "another reason"),
}
"""As the place reads it; nobody covered is named."""
STAGE_LABELS: Mapping[Stage, Phrase] = {
    Stage.ASKED: Phrase("à approuver par une autre personne", "to be approved by somebody else"),
    Stage.TOLD: Phrase("annoncé, peut être contesté", "told, may be contested"),
    Stage.RUNNING: Phrase("retenu sur les virements", "taken from transfers"),
    Stage.DONE: Phrase("récupéré", "recovered"),
    Stage.CANCELLED: Phrase("abandonné", "cancelled"),
    Stage.RETURNED: Phrase(
        "suspendu : le virement de la facture est revenu", "suspended: the invoice's transfer came back"
    ),
}


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery."""

    id: int
    reference: str
    """The place's own, of its invoice."""
    amount: int
    reason: Reason
    said: str
    approved: datetime | None
    due: datetime | None
    """Nothing is taken before; set with the approval."""
    cancelled: datetime | None
    taken: int
    stands: bool
    """Whether its invoice is paid still, or is kept no more."""
    settled: int
    """What was by another way than a transfer; below zero, given back to the place."""

    @property
    def back(self) -> int:
        """What is to be given back of it."""
        return 0 if self.cancelled is None and self.stands else self.taken + self.settled

    def rest(self, now: datetime) -> int:
        """What no transfer has settled yet: to be taken or, below zero, to be given back."""
        if self.cancelled is not None or not self.stands:
            return -self.back
        return self.amount - self.taken - self.settled if self.due is not None and self.due <= now else 0

    def stage(self, now: datetime) -> Stage:
        """How far it is."""
        if self.cancelled is not None:
            return Stage.CANCELLED
        if self.due is None:
            return Stage.ASKED
        if not self.stands:
            return Stage.RETURNED
        if self.taken + self.settled >= self.amount:
            return Stage.DONE
        return Stage.TOLD if now < self.due else Stage.RUNNING


@dataclass(frozen=True, slots=True)
class StaffRecovery:
    """One as staff read it: whose, of which insurer, what its invoice was paid, and who said what."""

    of: Recovery
    place: str
    town: str
    insurer: str
    opened: datetime
    paid: int
    round: int
    """How often two people said that its rest was settled by another way."""
    words: tuple["RecoverySaid", ...] = ()

    def said_by(self, staff: StaffId, what: Word, amount: int = 0) -> bool:
        """Whether she said it, of that sum, since it was last settled: until then it is said anew."""
        said = (staff, what, amount, self.round)
        return any((each.staff, each.what, each.amount, each.round) == said for each in self.words)


@dataclass(frozen=True, slots=True)
class RecoverySaid:
    """What one of the staff said of one."""

    what: Word
    staff: StaffId
    name: str
    said: str
    at: datetime
    amount: int = 0
    """What she said was settled by another way."""
    round: int = 0
    """How often it was settled before."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What no transfer settles of a place: it receives none any more from that insurer."""

    establishment: int
    place: str
    town: str
    insurer: str
    amount: int
    """What it owes; below zero, what is owed to it."""
    recoveries: int
    since: datetime
    oldest: list[int]
    """The numbers of the oldest of these recoveries."""
    places: int
    """How many places there are, also of those that a list leaves out."""


@dataclass(frozen=True, slots=True)
class OwnRecovery:
    """One of whoever reads it: of which invoice, what that was paid, and what this transfer took of it."""

    of: Recovery
    invoice: int | None
    """Its number, while it is kept."""
    care_day: int
    insurer: str
    paid: int
    here: int
