"""A file for the bank, checked by whoever takes it there: it must be, byte for byte, what her list and copies make.

Nothing here trusts the process that wrote the file. Each IBAN comes from the copy that was sealed to her when the
account was asked for (billing/bank/copying.py); the file is then written again from these, and compared whole.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import pyrage

from tierce.billing.bank.copying import open_copy
from tierce.billing.bank.errors import AccountSealError
from tierce.billing.settlement.errors import FileUnreadableError
from tierce.billing.settlement.listing import ListedTransfer, TransferList
from tierce.billing.settlement.model import Credit, Payer
from tierce.billing.settlement.pain import cents, plain_name, reference, write_file
from tierce.kernel.language import Phrase

FILE_BYTES_MAX: Final = 64 * 2**20
_ENCRYPTED: Final = b"age-encryption.org/"
_NAME, _IBAN = r"<Nm>(?P<name>[A-Za-z0-9/?:().,'+ -]{1,70})</Nm>", r"<Id><IBAN>(?P<iban>[A-Z0-9]{15,34})</IBAN></Id>"
_DEBTOR: Final = re.compile(f"<Dbtr>{_NAME}</Dbtr><DbtrAcct>{_IBAN}</DbtrAcct>")
_CREDIT: Final = re.compile(
    r"<CdtTrfTxInf><PmtId><EndToEndId>(?P<reference>TP-[0-9a-f]{16})</EndToEndId></PmtId>"
    r'<Amt><InstdAmt Ccy="EUR">(?P<amount>[0-9.]{1,20})</InstdAmt></Amt>'
    f"<Cdtr>{_NAME}</Cdtr><CdtrAcct>{_IBAN}</CdtrAcct>"
)
"""What is looked for to say what is wrong: a file that `billing` wrote is given to no parser of XML."""


class Wrong(StrEnum):
    """What is wrong with one transfer of a file."""

    ACCOUNT = "account"
    NAME = "name"
    AMOUNT = "amount"
    MISSING = "missing"
    ADDED = "added"
    COPY = "copy"


WRONG_LABELS: Final[dict[Wrong, Phrase]] = {
    Wrong.ACCOUNT: Phrase(
        "le fichier paie un autre compte que celui qui a été demandé",
        "the file pays another account than the one that was asked for",
    ),
    Wrong.NAME: Phrase("le titulaire n’est pas celui de la liste", "the holder is not the list's"),
    Wrong.AMOUNT: Phrase("le montant n’est pas celui de la liste", "the amount is not the list's"),
    Wrong.MISSING: Phrase("la liste l’a, le fichier ne l’a pas", "the list has it, the file has not"),
    Wrong.ADDED: Phrase(
        "le fichier l’a, une fois ou deux, et la liste ne l’a pas, ou une seule fois",
        "the file has it, once or twice, and the list has it not, or once",
    ),
    Wrong.COPY: Phrase(
        "le double ne s’ouvre pas avec ces clés, ou il est d’un autre compte",
        "the copy does not open with these keys, or is another account's",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One transfer that is not as it should be."""

    reference: str
    place: str
    what: Wrong


@dataclass(slots=True)
class Checked:
    """What a check found; the file may leave when `good`, and after its `uncopied` were looked at by a person."""

    payer: str
    debited: str
    transfers: int
    total: int
    verified: int = 0
    uncopied: list[ListedTransfer] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    same: bool = False
    """Whether the whole file is what the list and the copies make."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.same and not self.faults


@dataclass(frozen=True, slots=True)
class _Paid:
    iban: str
    name: str
    amount: str


def read_identities(text: str) -> list[pyrage.x25519.Identity]:
    """The age private keys of a key file, whose other lines are comments; empty when it has none."""
    lines = (line.strip() for line in text.splitlines())
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        return []


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a file of so many bytes at most.

    Raises:
        FileUnreadableError: it is longer.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise FileUnreadableError
    return content


def open_file(content: bytes, identities: Sequence[pyrage.x25519.Identity]) -> bytes:
    """The file in clear, whether it was opened already or not.

    Raises:
        FileUnreadableError: these keys do not open it, or it is no file for the bank.
    """
    if not content.startswith(_ENCRYPTED):
        return content
    try:
        opened: bytes = pyrage.decrypt(content, list(identities))
    except pyrage.DecryptError:
        raise FileUnreadableError from None
    return opened


def check_file(written: bytes, listed: TransferList, identities: Sequence[pyrage.x25519.Identity]) -> Checked:
    """Compare a file in clear with its list and with the copies that these keys open.

    Raises:
        FileUnreadableError: it is no file for the bank.
    """
    text = written.decode("ascii", "replace")
    debtor = _DEBTOR.search(text)
    if debtor is None:
        raise FileUnreadableError
    payer = Payer(debtor["name"], debtor["iban"], Path(), "")
    total = sum(one.amount for one in listed.transfers)
    found, paid = Checked(payer.name, payer.iban, len(listed.transfers), total), _paid(text)
    known = {reference(int(one.transfer, 16)) for one in listed.transfers}
    counted = Counter(name for name, _ in paid)
    found.faults = [Fault(name, "", Wrong.ADDED) for name, n in counted.items() if name not in known or n > 1]
    by_name = dict(paid)
    credits_ = [_credit(one, by_name, identities, found) for one in listed.transfers]
    batch = int(listed.batch, 16)
    found.same = write_file(batch, listed.approved, payer, credits_) == written
    return found


def told(found: Checked, listed: TransferList) -> Iterator[str]:
    """What a check says, line by line, in both languages; nothing that a terminal would obey."""
    for line in _told(found, listed):
        yield "".join(each for each in line if each.isprintable())


def _told(found: Checked, listed: TransferList) -> Iterator[str]:
    yield (
        f"{listed.insurer} · virements / transfers: {found.transfers} · {found.total / 100:,.2f} €"
        f" · débit de / from {found.debited} ({found.payer})"
    )
    for fault in found.faults:
        label = WRONG_LABELS[fault.what]
        yield f"✗ {fault.reference} {fault.place} : {label.fr} / {label.en}"
    for one in found.uncopied:
        where = f"{reference(int(one.transfer, 16))} {one.place}, {one.masked}"
        yield f"? {where} : compte sans double, à vérifier autrement / account without a copy, check it another way"
    if not found.same and not found.faults:
        yield "✗ Le fichier contient autre chose que cette liste / the file holds something else than this list."
    if found.good:
        yield (
            f"✓ Comptes tels qu’ils ont été demandés : {found.verified}. Le fichier n’a rien d’autre"
            f" / accounts as they were asked for: {found.verified}. The file has nothing else."
        )
    else:
        yield (
            "✗ Ne portez pas ce fichier à la banque : appelez la sécurité"
            " / do not take this file to the bank: call security"
        )


def _credit(
    one: ListedTransfer, paid: dict[str, _Paid], identities: Sequence[pyrage.x25519.Identity], found: Checked
) -> Credit:
    """What a transfer has to be; what its credit in the file has otherwise is kept in `found`."""
    number = int(one.transfer, 16)
    name, wrong = reference(number), list[Wrong]()
    given, iban = paid.get(name), None
    if one.copy is None:
        found.uncopied.append(one)
    else:
        try:
            iban = open_copy(identities, int(one.establishment, 16), int(one.account, 16), one.copy)
        except AccountSealError:
            wrong.append(Wrong.COPY)
    if given is None:
        wrong.append(Wrong.MISSING)
    else:
        wrong += [Wrong.ACCOUNT] if iban is not None and given.iban != iban else []
        wrong += [Wrong.NAME] if given.name != plain_name(one.holder) else []
        wrong += [Wrong.AMOUNT] if given.amount != cents(one.amount) else []
    found.faults += [Fault(name, one.place, each) for each in wrong]
    found.verified += iban is not None and not wrong
    return Credit(number, one.amount, one.holder, iban or (given.iban if given else ""))


def _paid(text: str) -> list[tuple[str, _Paid]]:
    """The credits of a file as ours are written; whatever else is in it makes it another file (`Checked.same`)."""
    return [(one["reference"], _Paid(one["iban"], one["name"], one["amount"])) for one in _CREDIT.finditer(text)]
