"""Batches of transfers, the transfers in them, and what staff say of them. Amounts are whole cents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from tierce.billing.bank.model import masked
from tierce.kernel.ids import StaffId
from tierce.kernel.language import Phrase


class BatchState(IntEnum):
    """Where a batch stands. Numbers are stored: never moved, never reused."""

    PREPARED = 1
    """Gathered: it waits for two people."""
    APPROVED = 2
    """Two people approved its sum; `billing` writes the file next."""
    FILED = 3
    """The file for the bank is written, once."""
    EXECUTED = 4
    """Somebody read on the operator's statement that the bank carried it out."""
    REJECTED = 5
    """The bank took none of it: what it was to pay is due again."""
    REFUSED = 6
    """Staff refused it before its file, or nothing was left to write: what it was to pay is due again."""


class TransferState(IntEnum):
    """Where one transfer stands. Numbers are stored."""

    OPEN = 1
    PAID = 2
    RETURNED = 3
    """It came back: nothing more is sent to that account."""
    LEFT = 4
    """It is in no file, or the bank took none of it: nothing was sent."""


class Left(IntEnum):
    """Why nothing is sent to an establishment, or was not. Numbers are stored."""

    NONE = 0
    NO_ACCOUNT = 1
    """No account is in force, or another is since the batch was prepared."""
    CAME_BACK = 2
    """A transfer to this account came back."""
    HELD = 3
    """The place is suspended."""
    REFUSED = 4
    """Staff refused the batch."""
    REJECTED = 5
    """The bank rejected the file."""


class Returned(IntEnum):
    """Why a transfer came back, as the bank says it by its ISO 20022 reason. Numbers are stored."""

    ACCOUNT_WRONG = 1
    """AC01."""
    ACCOUNT_CLOSED = 2
    """AC04."""
    ACCOUNT_BLOCKED = 3
    """AC06."""
    HOLDER = 4
    """BE01: the holder is not the account's."""
    OTHER = 9
    """Any other reason: staff write it."""


class Word(IntEnum):
    """What staff say. Numbers are stored."""

    APPROVE = 1
    REFUSE = 2
    EXECUTED = 3
    RETURNED = 4
    REJECTED = 5
    LEFT = 6
    """Of a transfer that a report of the bank's rejects, in a batch that was carried out: it left all the same."""


TWO_SAY = frozenset({Word.APPROVE, Word.RETURNED, Word.REJECTED, Word.LEFT})
"""What two of the staff say before it is so: money leaves, is due again, or is no more though a report says so."""

BATCH_LABELS: Mapping[BatchState, Phrase] = {
    BatchState.PREPARED: Phrase("à approuver", "to approve"),
    BatchState.APPROVED: Phrase("approuvé, fichier à écrire", "approved, file to be written"),
    BatchState.FILED: Phrase("fichier écrit", "file written"),
    BatchState.EXECUTED: Phrase("exécuté par la banque", "carried out by the bank"),
    BatchState.REJECTED: Phrase("rejeté par la banque", "rejected by the bank"),
    BatchState.REFUSED: Phrase("refusé, ou vidé", "refused, or emptied"),
}
TRANSFER_LABELS: Mapping[TransferState, Phrase] = {
    TransferState.OPEN: Phrase("ordonné", "ordered"),
    TransferState.PAID: Phrase("payé", "paid"),
    TransferState.RETURNED: Phrase("revenu", "returned"),
    TransferState.LEFT: Phrase("non envoyé", "not sent"),
}
LEFT_LABELS: Mapping[Left, Phrase] = {
    Left.NONE: Phrase("au prochain lot", "in the next batch"),
    Left.NO_ACCOUNT: Phrase("sans compte en vigueur", "without an account in force"),
    Left.CAME_BACK: Phrase("un virement à ce compte est revenu", "a transfer to this account came back"),
    Left.HELD: Phrase("lieu suspendu", "place suspended"),
    Left.REFUSED: Phrase("lot refusé", "batch refused"),
    Left.REJECTED: Phrase("lot rejeté par la banque", "batch rejected by the bank"),
}
RETURNED_LABELS: Mapping[Returned, Phrase] = {
    Returned.ACCOUNT_WRONG: Phrase("Numéro de compte incorrect (AC01)", "Incorrect account number (AC01)"),
    Returned.ACCOUNT_CLOSED: Phrase("Compte clos (AC04)", "Account closed (AC04)"),
    Returned.ACCOUNT_BLOCKED: Phrase("Compte bloqué (AC06)", "Account blocked (AC06)"),
    Returned.HOLDER: Phrase("Titulaire différent (BE01)", "Another holder (BE01)"),
    Returned.OTHER: Phrase("Autre motif", "Another reason"),
}


BY_CODE: Mapping[str, Returned] = {
    "AC01": Returned.ACCOUNT_WRONG,
    "AC04": Returned.ACCOUNT_CLOSED,
    "AC06": Returned.ACCOUNT_BLOCKED,
    "BE01": Returned.HOLDER,
}
"""What a page proposes to staff for the code that a file of the bank's gives; they say it themselves."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, as staff read it."""

    id: int
    insurer: str
    state: BatchState
    prepared: datetime
    transfers: int
    total: int
    approved: datetime | None
    filed: datetime | None
    sent: int | None
    sent_total: int | None
    ended: datetime | None

    @property
    def left_out(self) -> int:
        """How many transfers were left out of the file."""
        return self.transfers - self.sent if self.sent is not None else 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of a batch, as staff read it: the account by its country and last four."""

    id: int
    establishment: int
    place: str
    town: str
    country: str
    tail: str
    amount: int
    invoices: int
    state: TransferState
    why: int
    first: bool
    """Whether no transfer to this account was carried out yet: whoever approves looks at it."""

    @property
    def masked(self) -> str:
        """The account, masked."""
        return masked(self.country, self.tail)

    @property
    def because(self) -> Phrase | None:
        """Why it was not sent, or came back."""
        if self.state is TransferState.RETURNED:
            return RETURNED_LABELS[Returned(self.why)]
        return LEFT_LABELS[Left(self.why)] if self.state is TransferState.LEFT else None


@dataclass(frozen=True, slots=True)
class Said:
    """What one of the staff said."""

    subject: int
    what: Word
    staff: StaffId
    detail: int
    name: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waits:
    """What is due and in no batch, by what stands in the way."""

    why: Left
    establishments: int
    invoices: int
    amount: int


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit of a file for the bank, opened: its IBAN is in clear, and shown by no `repr`."""

    transfer: int
    amount: int
    holder: str
    iban: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose account pays, where its files are written, and to whose key they are encrypted."""

    name: str
    iban: str = field(repr=False)
    folder: Path
    recipient: str
    """An age public key: of whoever takes files to the bank."""


@dataclass(frozen=True, slots=True)
class OwnTransfer:
    """A transfer to the place of whoever reads it."""

    id: int
    insurer: str
    amount: int
    invoices: int
    state: TransferState
    why: int
    country: str
    tail: str
    approved: datetime
    filed: datetime
    ended: datetime | None
    recovered: int
    """What was taken off, of what was paid before and was not due; below zero, given back."""
    lines: tuple["PaidLine", ...] = ()

    @property
    def masked(self) -> str:
        """The account it was sent to, masked."""
        return masked(self.country, self.tail)


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One invoice that a transfer pays."""

    invoice: int
    reference: str
    care_day: int
    asked: int
    due: int


@dataclass(slots=True)
class Settled:
    """What one turn of `billing` did."""

    prepared: int = 0
    filed: int = 0
    emptied: int = 0
    """Approved batches of which nothing was left to send."""
    failed: list[str] = field(default_factory=list)
    """What went wrong, by its name: it waits for the next turn."""
