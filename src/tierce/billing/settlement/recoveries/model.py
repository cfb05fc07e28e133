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
    """Nothing is taken before."""
    cancelled: datetime | None
    taken: int

    @property
    def rest(self) -> int:
        """What is still to be taken; below zero, what is to be given back."""
        return -self.taken if self.cancelled is not None else self.amount - self.taken

    def stage(self, now: datetime) -> Stage:
        """How far it is."""
        if self.cancelled is not None:
            return Stage.CANCELLED
        if self.approved is None or self.due is None:
            return Stage.ASKED
        if self.taken >= self.amount:
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
    words: tuple["RecoverySaid", ...] = ()


@dataclass(frozen=True, slots=True)
class RecoverySaid:
    """What one of the staff said of one."""

    what: Word
    staff: StaffId
    name: str
    said: str
    at: datetime


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
