"""pain.002.001.10: what the bank says of one of our files."""

from dataclasses import dataclass, field
from typing import Final

from tierce.billing.settlement.replies.errors import BankFileError
from tierce.billing.settlement.replies.model import Marks, Report, Status, Totals
from tierce.billing.settlement.replies.stream import wrong
from tierce.billing.settlement.replies.values import EURO, cents_of, code_from, count_of, day_from
from tierce.policy.transfers import TRANSFERS_MAX

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
_ROOT: Final = "CstmrPmtStsRpt/"
_HEADER: Final = _ROOT + "GrpHdr/"
_GROUP, _PAYMENT = _ROOT + "OrgnlGrpInfAndSts/", _ROOT + "OrgnlPmtInfAndSts/"
_TRANSFER: Final = _PAYMENT + "TxInfAndSts/"
_OF_TRANSFER: Final = frozenset(
    {"OrgnlEndToEndId", "TxSts", "StsRsnInf/Rsn/Cd", "OrgnlTxRef/Amt/InstdAmt"}
)  # fmt: skip
_OF_PART: Final = frozenset(
    {"OrgnlNbOfTxs", "OrgnlCtrlSum", "GrpSts", "PmtInfSts", "StsRsnInf/Rsn/Cd", "OrgnlPmtInfId"}
)


@dataclass
class ReportReader:
    """Gathers a report while it is read."""

    marks: Marks
    header: dict[str, str] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=dict)
    payments: list[dict[str, str]] = field(default_factory=list)
    transfers: list[Status] = field(default_factory=list)
    _one: dict[str, str] = field(default_factory=dict)
    _euros: bool = True

    def start(self, path: str) -> None:
        """A payment or a transfer begins."""
        if path + "/" == _PAYMENT:
            if len(self.payments) >= TRANSFERS_MAX:
                raise _too_many("OrgnlPmtInfAndSts")
            self.payments.append({})
        elif path + "/" == _TRANSFER:
            self._one, self._euros = {}, True

    def leaf(self, path: str, text: str, currency: str) -> None:
        """Keep what is looked at; the first of several reasons."""
        if path.startswith(_TRANSFER):
            name = path[len(_TRANSFER) :]
            if name in _OF_TRANSFER:
                self._one.setdefault(name, text)
                self._euros &= currency in {"", EURO}
        elif path.startswith(_PAYMENT):
            self._part(self.payments[-1], path[len(_PAYMENT) :], text)
        elif path.startswith(_GROUP):
            if path[len(_GROUP) :] in {"OrgnlMsgId", "OrgnlMsgNmId"}:
                self.group.setdefault(path[len(_GROUP) :], text)
            self._part(self.group, path[len(_GROUP) :], text)
        elif path in {_HEADER + "MsgId", _HEADER + "CreDtTm"}:
            self.header.setdefault(path[len(_HEADER) :], text)

    @staticmethod
    def _part(part: dict[str, str], name: str, text: str) -> None:
        if name in _OF_PART:
            part.setdefault(name, text)

    def end(self, path: str) -> None:
        """A transfer is whole."""
        if path + "/" != _TRANSFER:
            return
        where = f"TxInfAndSts {len(self.transfers) + 1}"
        if len(self.transfers) >= TRANSFERS_MAX:
            raise _too_many(where)
        if not self._euros:
            raise wrong(where, "ce n’est pas en euros.", "it is not in euros.", "Nos virements le sont tous.",
                        "All our transfers are.")  # fmt: skip
        amount = self._one.get("OrgnlTxRef/Amt/InstdAmt")
        self.transfers.append(
            Status(
                where,
                self._one.get("OrgnlEndToEndId", ""),
                self._one.get("TxSts", ""),
                code_from(self._one.get("StsRsnInf/Rsn/Cd", "")),
                None if amount is None else cents_of(where, amount),
            )
        )

    def report(self) -> Report:
        """What was read, whole.

        Raises:
            BankFileError: it has no number, no time, or says of no message.
        """
        name, made = self.header.get("MsgId", ""), self.header.get("CreDtTm", "")
        message = self.group.get("OrgnlMsgId", "")
        if not name or not made or not message:
            raise wrong("GrpHdr", "il manque son numéro, son heure ou celui du fichier dont il parle.",
                        "its number, its time or that of the file which it is about is missing.",
                        "Demandez à la banque un fichier conforme.",
                        "Ask the bank for a file that holds to the standard.")  # fmt: skip
        parts = [("OrgnlGrpInfAndSts", self.group)]
        parts += [(f"OrgnlPmtInfAndSts {n}", one) for n, one in enumerate(self.payments, 1)]
        statuses = [part[key] for _, part in parts for key in ("GrpSts", "PmtInfSts") if key in part]
        codes = [code_from(part["StsRsnInf/Rsn/Cd"]) for _, part in parts if "StsRsnInf/Rsn/Cd" in part]
        return Report(
            tuple(self.marks(f"pain.002\n{made}\n{name}")), day_from("GrpHdr", made),
            message, self.group.get("OrgnlMsgNmId", ""),
            tuple(one.get("OrgnlPmtInfId", "") for one in self.payments),
            tuple(_totals(where, part) for where, part in parts), tuple(statuses), next(iter(codes), ""),
            tuple(self.transfers),
        )  # fmt: skip


def _too_many(where: str) -> BankFileError:
    return wrong(where, "il y en a trop.", "there are too many.", "Ce n’est pas un de nos fichiers.",
                 "It is of no file of ours.")  # fmt: skip


def _totals(where: str, part: dict[str, str]) -> Totals:
    number, amount = part.get("OrgnlNbOfTxs"), part.get("OrgnlCtrlSum")
    return Totals(
        where,
        None if number is None else count_of(where, number),
        None if amount is None else cents_of(where, amount),
    )
