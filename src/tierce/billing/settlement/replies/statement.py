"""camt.053.001.08: what was booked on the account that pays. Entries that name nothing of ours are only counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Never

from tierce.billing.settlement.replies.model import Detail, Entry, Marks, Statement, Totals
from tierce.billing.settlement.replies.stream import wrong
from tierce.billing.settlement.replies.values import (
    EURO,
    batch_of,
    cents_of,
    code_from,
    count_of,
    day_from,
    transfer_of,
)

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
OURS_MAX: Final = 100_000
"""Transactions of ours in one file; a file of ours has 2,000 at most."""
PARTS_MAX: Final = 1_000
"""Balances of a statement, groups of an entry."""
_HEADER: Final = "BkToCstmrStmt/GrpHdr/"
_STATEMENT: Final = "BkToCstmrStmt/Stmt"
_ENTRY, _BALANCE, _SUMMARY = (_STATEMENT + tail for tail in ("/Ntry", "/Bal", "/TxsSummry"))
_DETAIL, _GROUP = _ENTRY + "/NtryDtls/TxDtls", _ENTRY + "/NtryDtls/Btch"
_OF_ENTRY: Final = frozenset({"CdtDbtInd", "RvslInd", "Sts/Cd", "BookgDt/Dt", "BookgDt/DtTm", "AcctSvcrRef"})
_OF_DETAIL: Final = frozenset(
    {"Refs/MsgId", "Refs/PmtInfId", "Refs/EndToEndId", "RtrInf/Rsn/Cd", "CdtDbtInd"}
)  # fmt: skip
_OF_GROUP: Final = frozenset({"MsgId", "PmtInfId", "NbOfTxs"})
_OF_SUMMARY: Final = frozenset(
    f"{of}/{what}" for of in ("TtlCdtNtries", "TtlDbtNtries") for what in ("NbOfNtries", "Sum")
)
_OF_STATEMENT: Final = frozenset({"Id", "Acct/Id/IBAN", "Acct/Ccy"})
_SIGN: Final[Mapping[str, int]] = {"CRDT": 1, "DBIT": -1}


@dataclass
class _Sums:
    """What a statement adds up to, as its entries say."""

    count: dict[int, int] = field(default_factory=lambda: {1: 0, -1: 0})
    cents: dict[int, int] = field(default_factory=lambda: {1: 0, -1: 0})
    unbooked: int = 0


@dataclass
class StatementReader:
    """Gathers a message of statements while it is read; `account` is the one that has to be stated."""

    account: str = field(repr=False)
    marks: Marks
    header: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    others: int = 0
    _stated: int = 0
    """Statements of the account that pays; a message may state others, which then name nothing of ours."""
    _begun: int = 0
    _before: int = 0
    _ours: int = 0
    _read: int = 0
    _of: dict[str, str] = field(default_factory=dict, repr=False)
    _balances: list[dict[str, str]] = field(default_factory=list)
    _summary: dict[str, str] = field(default_factory=dict)
    _sums: _Sums = field(default_factory=_Sums)
    _entry: dict[str, str] = field(default_factory=dict)
    _groups: list[dict[str, str]] = field(default_factory=list)
    _details: list[Detail] = field(default_factory=list)
    _detail: dict[str, str] = field(default_factory=dict)
    _unnamed: int = 0
    """Transactions of this entry that name nothing of ours."""

    def start(self, path: str) -> None:
        """A statement, a balance, an entry or a part of one begins."""
        if path == _STATEMENT:
            self._begun, self._before = self._begun + 1, len(self.entries)
            self._of, self._balances, self._summary, self._sums = {}, [], {}, _Sums()
        elif path == _BALANCE:
            self._bounded(len(self._balances), PARTS_MAX)
            self._balances.append({})
        elif path == _ENTRY:
            self._read += 1
            self._entry, self._groups, self._details, self._unnamed = {}, [], [], 0
        elif path == _GROUP:
            self._bounded(len(self._groups), PARTS_MAX)
            self._groups.append({})
        elif path == _DETAIL:
            self._detail = {}

    def leaf(self, path: str, text: str, currency: str) -> None:
        """Keep what is looked at, once each."""
        if path.startswith(_DETAIL + "/"):
            self._keep(self._detail, path[len(_DETAIL) + 1 :], text, currency, _OF_DETAIL)
        elif path.startswith(_GROUP + "/"):
            self._keep(self._groups[-1], path[len(_GROUP) + 1 :], text, currency, _OF_GROUP, amount="TtlAmt")
        elif path.startswith(_ENTRY + "/"):
            self._keep(self._entry, path[len(_ENTRY) + 1 :], text, currency, _OF_ENTRY)
        elif path.startswith(_BALANCE + "/"):
            self._keep(
                self._balances[-1], path[len(_BALANCE) + 1 :], text, currency, {"Tp/CdOrPrtry/Cd", "CdtDbtInd"}
            )
        elif path.startswith(_SUMMARY + "/"):
            if path[len(_SUMMARY) + 1 :] in _OF_SUMMARY:
                self._summary.setdefault(path[len(_SUMMARY) + 1 :], text)
        elif path.startswith(_STATEMENT + "/"):
            self._keep(self._of, path[len(_STATEMENT) + 1 :], text, currency, _OF_STATEMENT, amount="")
        elif path in {_HEADER + "MsgId", _HEADER + "CreDtTm"}:
            self.header.setdefault(path[len(_HEADER) :], text)

    def _keep(
        self, of: dict[str, str], name: str, text: str, currency: str, looked_at: frozenset[str] | set[str],
        *, amount: str = "Amt",
    ) -> None:  # fmt: skip
        if name == amount:
            of["Ccy"] = currency
        elif name not in looked_at:
            return
        if name in of:
            self._wrong("il dit deux fois la même chose.", "it says the same thing twice.")
        of[name] = text

    def _bounded(self, number: int, most: int) -> None:
        if number >= most:
            self._wrong("il y en a trop.", "there are too many.")

    @property
    def _where(self) -> str:
        return f"Ntry {self._read}"

    def _wrong(self, fr: str, en: str) -> Never:
        raise wrong(self._where, fr, en, *_ASK)

    def end(self, path: str) -> None:
        """A transaction, an entry or a statement is whole."""
        if path == _DETAIL:
            self._end_detail()
        elif path == _ENTRY:
            self._end_entry()
        elif path == _STATEMENT:
            self._end_statement()

    def _end_detail(self) -> None:
        one = self._detail
        named = one.get("Refs/EndToEndId", "")
        batches = _batches(one.get("Refs/MsgId", ""), one.get("Refs/PmtInfId", ""))
        if transfer_of(named) is None and not batches:
            self._unnamed += 1
            return
        self._bounded(self._ours, OURS_MAX)
        self._ours += 1
        if one.get("CdtDbtInd", self._entry.get("CdtDbtInd")) != self._entry.get("CdtDbtInd"):
            self._wrong("un virement y va dans l’autre sens que l’écriture.", "a transfer there goes the other way.")
        if one.get("Ccy", EURO) != EURO:
            self._wrong("un de nos virements n’y est pas en euros.", "a transfer of ours is not in euros there.")
        amount = cents_of(self._where, one["Amt"]) if "Amt" in one else None
        self._details.append(Detail(named, batches, amount, code_from(one.get("RtrInf/Rsn/Cd", ""))))

    def _end_entry(self) -> None:
        one = self._entry
        sign, booked = _SIGN.get(one.get("CdtDbtInd", "")), one.get("Sts/Cd") == "BOOK"
        if sign is None or "Amt" not in one:
            self._wrong("il manque son montant ou son sens.", "its amount or its direction is missing.")
        amount = cents_of(self._where, one["Amt"])
        self._sums.count[sign] += 1
        self._sums.cents[sign] += amount
        self._sums.unbooked += not booked
        named = [group for group in self._groups if _batches(group.get("MsgId", ""), group.get("PmtInfId", ""))]
        if not booked or not (named or self._details):
            self.others += 1
            return
        self._bounded(len(self.entries), OURS_MAX)
        if self._unnamed and self._details:
            self._wrong("un virement qui n’est pas de nous y est avec les nôtres.",
                        "a transfer that is not ours is among ours there.")  # fmt: skip
        day = one.get("BookgDt/Dt") or one.get("BookgDt/DtTm", "")
        totals = Totals(self._where, None, None)
        batches = [_batches(group.get("MsgId", ""), group.get("PmtInfId", "")) for group in named]
        if len(named) == 1:
            number, total = named[0].get("NbOfTxs"), named[0].get("TtlAmt")
            totals = Totals(
                self._where,
                None if number is None else count_of(self._where, number),
                None if total is None else cents_of(self._where, total),
            )
        self.entries.append(
            Entry(
                self._where, sign > 0, one.get("RvslInd") in {"true", "1"}, amount, one["Ccy"] == EURO,
                day_from(self._where, day), frozenset().union(*batches), totals, tuple(self._details),
                tuple(self.marks(f"entry\n{one['AcctSvcrRef']}")) if one.get("AcctSvcrRef") else (),
            )
        )  # fmt: skip

    def _end_statement(self) -> None:
        where = f"Stmt {self._begun}"
        if self._of.get("Acct/Id/IBAN", "").replace(" ", "").upper() == self.account:
            self._stated += 1
        elif len(self.entries) > self._before:
            raise wrong(where, "c’est le relevé d’un autre compte que celui qui paie.",
                        "it states another account than the one that pays.",
                        *_TAKE)  # fmt: skip
        opening, closing = (
            [one for one in self._balances if one.get("Tp/CdOrPrtry/Cd") == code] for code in ("OPBD", "CLBD")
        )
        sums = self._sums
        if len(opening) == len(closing) == 1 and not sums.unbooked:
            moved = sums.cents[1] - sums.cents[-1]
            if self._signed(where, opening[0]) + moved != self._signed(where, closing[0]):
                raise wrong(where, "ses écritures ne mènent pas d’un solde à l’autre.",
                            "its entries do not lead from one balance to the other.", *_ASK)  # fmt: skip
        for sign, name in ((1, "TtlCdtNtries"), (-1, "TtlDbtNtries")):
            number, total = self._summary.get(name + "/NbOfNtries"), self._summary.get(name + "/Sum")
            if (number is not None and count_of(where, number) != sums.count[sign]) or (
                total is not None and cents_of(where, total) != sums.cents[sign]
            ):
                raise wrong(where, "ses totaux ne sont pas ceux de ses écritures.",
                            "its totals are not those of its entries.", *_ASK)  # fmt: skip

    @staticmethod
    def _signed(where: str, balance: dict[str, str]) -> int:
        return _SIGN.get(balance.get("CdtDbtInd", ""), 1) * cents_of(where, balance.get("Amt", ""))

    def statement(self) -> Statement:
        """What was read, whole.

        Raises:
            BankFileError: it has no number, no time or no statement.
        """
        name, made = self.header.get("MsgId", ""), self.header.get("CreDtTm", "")
        if not name or not made or not self._stated:
            raise wrong("GrpHdr", "il manque son numéro, son heure, ou un relevé du compte qui paie.",
                        "its number, its time or a statement of the account that pays is missing.",
                        *_TAKE)  # fmt: skip
        day_from("CreDtTm", made)
        return Statement(tuple(self.marks(f"camt.053\n{made}\n{name}")), tuple(self.entries), self.others)


def _batches(*numbers: str) -> frozenset[int]:
    return frozenset(batch for number in numbers if (batch := batch_of(number)) is not None)


_TAKE: Final = ("Prenez celui du compte de `[payments]`.", "Take that of the account of `[payments]`.")
_ASK: Final = ("Demandez à la banque un fichier conforme.", "Ask the bank for a file that holds to the standard.")
