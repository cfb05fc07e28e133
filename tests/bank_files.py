"""Files as a bank writes them: camt.053.001.08, by hand, whole enough to hold to the published schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierce.billing.settlement.pain import cents, message_id, reference

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
MADE = "2026-11-30T19:00:00+01:00"


@dataclass(frozen=True)
class Line:
    """One entry of a statement, with the transactions that it names."""

    amount: int
    credit: bool = False
    batch: int | None = None
    transfers: Sequence[tuple[int, int]] = ()
    code: str = ""
    day: str = "2026-11-30"
    status: str = "BOOK"
    currency: str = "EUR"
    number: int | None = None
    reversal: bool = False
    amounts: bool = True
    """Whether each transaction repeats its amount."""
    entry: str = "E-1"
    """The bank's own reference of the entry."""


def statement(
    lines: Sequence[Line], account: str, *, name: str = "RELEVE-1", made: str = MADE, opening: int = 10_000_000,
    closing: int | None = None,
) -> bytes:  # fmt: skip
    """A message of one statement."""
    booked = [line for line in lines if line.status == "BOOK"]
    moved = sum(line.amount if line.credit else -line.amount for line in booked)
    balances = ((opening, "OPBD"), (opening + moved if closing is None else closing, "CLBD"))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{name}</MsgId>"
        f"<CreDtTm>{made}</CreDtTm></GrpHdr><Stmt><Id>{name[:30]}-1</Id><ElctrncSeqNb>7</ElctrncSeqNb>"
        f"<CreDtTm>{made}</CreDtTm>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        + "".join(
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{cents(amount)}</Amt>'
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-30</Dt></Dt></Bal>"
            for amount, code in balances
        )
        + "".join(_entry(line) for line in lines)
        + "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _entry(line: Line) -> str:
    sign = f"<CdtDbtInd>{'CRDT' if line.credit else 'DBIT'}</CdtDbtInd>"
    group = ""
    if line.batch is not None:
        number = "" if line.number is None else f"<NbOfTxs>{line.number}</NbOfTxs>"
        ours = message_id(line.batch)
        group = f"<Btch><MsgId>{ours}</MsgId><PmtInfId>{ours}</PmtInfId>{number}</Btch>"
    details = group + "".join(_detail(line, *one) for one in line.transfers)
    return (
        f'<Ntry><Amt Ccy="{line.currency}">{cents(line.amount)}</Amt>{sign}'
        + ("<RvslInd>true</RvslInd>" if line.reversal else "")
        + f"<Sts><Cd>{line.status}</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{line.entry}</AcctSvcrRef>" if line.entry else "")
        + "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        + (f"<NtryDtls>{details}</NtryDtls>" if details else "")
        + "</Ntry>"
    )


def _detail(line: Line, transfer: int, amount: int) -> str:
    money = f'<Amt Ccy="{line.currency}">{cents(amount)}</Amt>' if line.amounts else ""
    why = (
        f"<RtrInf><Rsn><Cd>{line.code}</Cd></Rsn><AddtlInf>FR8999999000010000000000172</AddtlInf></RtrInf>"
        if line.code
        else ""
    )
    return (
        f"<TxDtls><Refs><EndToEndId>{reference(transfer)}</EndToEndId></Refs>{money}"
        "<RltdPties><CdtrAcct><Id><IBAN>FR8999999000010000000000172</IBAN></Id></CdtrAcct></RltdPties>"
        f"{why}</TxDtls>"
    )


def written(folder: Path, content: bytes, name: str = "banque.xml") -> Path:
    """A file of the bank's, on disk."""
    path = folder / name
    path.write_bytes(content)
    return path
