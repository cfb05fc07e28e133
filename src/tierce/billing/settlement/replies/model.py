"""What a file of the bank's says of what was sent. Amounts are whole cents, days are counted from 1970."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

from tierce.kernel.language import Phrase

FILE_CHARS: Final = 16
"""Of the SHA-256 of a file, in hexadecimal, by which staff name it: `sha256sum` gives them the same."""


class Kind(IntEnum):
    """Which message a file is. Numbers are stored."""

    REPORT = 1
    """pain.002.001.10: whether the bank takes a file, or one transfer of it."""
    STATEMENT = 2
    """camt.053.001.08: what was booked on the account that pays."""


class What(IntEnum):
    """What a file says of a batch or a transfer. Numbers are stored."""

    ACCEPTED = 1
    REJECTED = 2
    BOOKED = 3
    RETURNED = 4
    TWICE = 5
    """Booked on the same day by another entry, as another message states it: it may have left twice."""


Marks = Callable[[str], Sequence[bytes]]
"""Keyed numbers of a text of the bank's, the key of today first: its texts are compared by these, and not kept."""

UNKNOWN_MARK: Final = b""
"""Of an entry that was read before references were kept: it is the same as any other."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a file says; `subject` is the batch itself, or a transfer of it."""

    batch: int
    subject: int
    what: What
    day: int
    amount: int
    code: str = ""
    marks: tuple[bytes, ...] = ()
    """Of the bank's own reference of the entry; none where it gave none, `UNKNOWN_MARK` where nobody kept whether."""

    @property
    def key(self) -> tuple[int, What]:
        """Of whom, and what: said once."""
        return self.subject, self.what


@dataclass(frozen=True, slots=True)
class BankReply:
    """One thing that the bank said, as staff read it."""

    subject: int
    what: What
    day: int
    amount: int
    code: str
    file: str
    """How the SHA-256 of the file begins."""
    read: datetime


@dataclass(frozen=True, slots=True)
class SentBatch:
    """What the file of a batch held."""

    sent: int
    total: int
    filed: bool


@dataclass(frozen=True, slots=True)
class SentTransfer:
    """A transfer; `sent` is false of one that was in no file."""

    batch: int
    amount: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of the numbers that a file names."""

    batches: Mapping[int, SentBatch]
    transfers: Mapping[int, SentTransfer]
    said: tuple[Claim, ...] = ()
    """What earlier files said of these batches and their transfers."""
    ended: frozenset[int] = frozenset()
    """Batches that are carried out already, by a file or by one of the staff."""
    waiting: frozenset[int] = frozenset()
    """Batches whose file is written, and of which nobody said what became of them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many transfers, and their sum, as the bank repeats them."""

    where: str
    number: int | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """What a report says of one transfer."""

    where: str
    reference: str
    status: str
    code: str
    amount: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """A payment status report."""

    marks: tuple[bytes, ...]
    """Of its number and time, as the bank writes them: both may hold anybody's account."""
    day: int
    message: str
    """The number of our file that it is about."""
    original: str
    """Which message that was."""
    payments: tuple[str, ...]
    totals: tuple[Totals, ...]
    statuses: tuple[str, ...]
    """Of the file, and of its one payment."""
    code: str
    transfers: tuple[Status, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One transaction of an entry."""

    reference: str
    batches: frozenset[int]
    amount: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a statement that names something of ours."""

    where: str
    credit: bool
    reversal: bool
    amount: int
    euros: bool
    day: int
    batches: frozenset[int]
    totals: Totals
    details: tuple[Detail, ...]
    marks: tuple[bytes, ...] = ()
    """Of the bank's own reference of it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A message of statements of the account that pays."""

    marks: tuple[bytes, ...]
    """Of its number and time."""
    entries: tuple[Entry, ...]
    others: int
    """Entries that name nothing of ours, or are not booked yet."""


@dataclass(slots=True)
class Heard:
    """What reading one file did, or would do."""

    kind: Kind
    digest: bytes
    """SHA-256 of what was read: what staff name it by."""
    already: bool = False
    """The same file was read before: nothing is kept twice."""
    others: int = 0
    claims: tuple[Claim, ...] = ()
    repeated: int = 0
    """Things that an earlier file said already."""
    carried_out: list[int] = field(default_factory=list)


WHAT_LABELS: Mapping[What, Phrase] = {
    What.ACCEPTED: Phrase("accepté par la banque", "accepted by the bank"),
    What.REJECTED: Phrase("rejeté par la banque", "rejected by the bank"),
    What.BOOKED: Phrase("comptabilisé", "booked"),
    What.RETURNED: Phrase("revenu", "came back"),
    What.TWICE: Phrase("comptabilisé une seconde fois le même jour", "booked a second time on the same day"),
}
KIND_LABELS: Mapping[Kind, Phrase] = {
    Kind.REPORT: Phrase("compte rendu de la banque (pain.002)", "the bank's status report (pain.002)"),
    Kind.STATEMENT: Phrase("relevé de compte (camt.053)", "statement of account (camt.053)"),
}
CODE_LABELS: Mapping[str, Phrase] = {
    "AC01": Phrase("numéro de compte incorrect", "incorrect account number"),
    "AC03": Phrase("numéro du compte crédité incorrect", "invalid creditor account number"),
    "AC04": Phrase("compte clos", "closed account"),
    "AC06": Phrase("compte bloqué", "blocked account"),
    "AC13": Phrase("sorte de compte non admise", "invalid debtor account type"),
    "AG01": Phrase("opération interdite sur ce compte", "transaction forbidden on this account"),
    "AG02": Phrase("code d’opération incorrect", "invalid bank operation code"),
    "AM02": Phrase("montant au-dessus de la limite", "amount above the limit"),
    "AM04": Phrase("provision insuffisante", "insufficient funds"),
    "AM05": Phrase("double d’un autre", "duplication"),
    "AM09": Phrase("montant incorrect", "wrong amount"),
    "AM10": Phrase("somme de contrôle incorrecte", "invalid control sum"),
    "AM18": Phrase("nombre de virements incorrect", "invalid number of transactions"),
    "BE01": Phrase("titulaire différent", "another holder"),
    "BE04": Phrase("adresse du bénéficiaire manquante", "missing creditor address"),
    "BE05": Phrase("donneur d’ordre non reconnu", "unrecognised initiating party"),
    "CNOR": Phrase("banque du bénéficiaire non jointe", "the creditor's bank is not reachable"),
    "CUST": Phrase("demandé par le client", "requested by the customer"),
    "DNOR": Phrase("banque du payeur non jointe", "the debtor's bank is not reachable"),
    "DS01": Phrase("signature électronique refusée", "electronic signature refused"),
    "DT01": Phrase("date incorrecte", "invalid date"),
    "DUPL": Phrase("double d’un autre", "duplicate"),
    "ED05": Phrase("règlement échoué", "settlement failed"),
    "FF01": Phrase("fichier mal formé", "invalid file format"),
    "FOCR": Phrase("rendu après une demande de rappel", "returned after a recall"),
    "FRAD": Phrase("fraude", "fraud"),
    "MD07": Phrase("titulaire décédé", "holder deceased"),
    "MS02": Phrase("refus du bénéficiaire, sans motif", "refused by the creditor, no reason given"),
    "MS03": Phrase("motif tu par la banque", "reason not told by the bank"),
    "NARR": Phrase("motif en toutes lettres, à lire à la banque", "reason in words, to be read at the bank"),
    "RC01": Phrase("code de banque incorrect", "incorrect bank identifier"),
    "RC04": Phrase("code de la banque du bénéficiaire incorrect", "invalid identifier of the creditor's bank"),
    "RR01": Phrase("compte du payeur manquant", "missing debtor account"),
    "RR02": Phrase("nom ou adresse du payeur manquants", "missing debtor name or address"),
    "RR03": Phrase("nom ou adresse du bénéficiaire manquants", "missing creditor name or address"),
    "RR04": Phrase("motif réglementaire", "regulatory reason"),
    "TECH": Phrase("difficulté technique", "technical problem"),
    "TM01": Phrase("reçu après l’heure limite", "received after the cut-off time"),
}
"""Words for the external codes of ISO 20022 that a SEPA transfer meets; another code is shown as it is."""


def code_words(code: str) -> Phrase | None:
    """A code with its words, the code alone where we have none, nothing where the bank gave none."""
    if not code:
        return None
    words = CODE_LABELS.get(code)
    return Phrase(f"{words.fr} ({code})", f"{words.en} ({code})") if words else Phrase(code, code)
