"""The file for the bank: a customer credit transfer initiation, ISO 20022 pain.001.001.09, as SEPA credits.

Written by hand and read by no library, for one reason: whatever it is made from twice gives the same bytes, with the
same `MsgId`, so that a bank which is handed it twice carries it out once. Libraries that we know draw that number at
random. Tests hold it to the published schema (docs/adr/0099).
"""

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tierce.billing.settlement.model import Credit, Payer
from tierce.kernel.clock import date_of, paris_day
from tierce.policy.accounts import is_settling

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME_MAX: Final = 70
_KEPT: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ ")
"""The letters that every SEPA bank takes (EPC217-08)."""
_SPELT: Final = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "’": "'", "&": "+", "–": "-"})


def message_id(batch: int) -> str:
    """The number by which the bank knows the file."""
    return f"TIERCE-{batch:016x}"


def reference(transfer: int) -> str:
    """The number of one credit: on the statement of whoever is paid, in the portal, and here."""
    return f"TP-{transfer:016x}"


def file_name(batch: int) -> str:
    """The name of the file of a batch, encrypted."""
    return f"virements-{batch:016x}.xml.age"


def plain_name(name: str) -> str:
    """A holder's name in the letters that every bank takes: accents go, what has no letter becomes a space."""
    bare = unicodedata.normalize("NFKD", name.translate(_SPELT))
    letters = "".join(each if each in _KEPT else "" if unicodedata.combining(each) else " " for each in bare)
    return " ".join(letters.split())[:NAME_MAX].strip() or "?"


def execution_day(approved: datetime) -> date:
    """The day on which the bank is asked to carry it out: the first from the approval on which banks settle."""
    day = date_of(paris_day(approved))
    while not is_settling(day):
        day += timedelta(days=1)
    return day


def cents(amount: int) -> str:
    """An amount as the file writes it: euros, a point, two digits."""
    return f"{amount // 100}.{amount % 100:02d}"


def write_file(batch: int, approved: datetime, payer: Payer, paid: Sequence[Credit]) -> bytes:
    """Write the file of one batch: the same bytes for the same batch, whenever it is written.

    Credits are written in the order given; there is at least one.
    """
    assert paid, "a file holds at least one credit"
    count, total = str(len(paid)), cents(sum(one.amount for one in paid))
    root = ET.Element("Document", xmlns=NAMESPACE)
    body = ET.SubElement(root, "CstmrCdtTrfInitn")
    header = ET.SubElement(body, "GrpHdr")
    _put(header, "MsgId", message_id(batch))
    _put(header, "CreDtTm", approved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _put(header, "NbOfTxs", count)
    _put(header, "CtrlSum", total)
    _put(header, "InitgPty/Nm", plain_name(payer.name))
    payment = ET.SubElement(body, "PmtInf")
    _put(payment, "PmtInfId", message_id(batch))
    _put(payment, "PmtMtd", "TRF")
    _put(payment, "BtchBookg", "true")
    _put(payment, "NbOfTxs", count)
    _put(payment, "CtrlSum", total)
    _put(payment, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _put(payment, "ReqdExctnDt/Dt", execution_day(approved).isoformat())
    _put(payment, "Dbtr/Nm", plain_name(payer.name))
    _put(payment, "DbtrAcct/Id/IBAN", payer.iban)
    _put(payment, "DbtrAgt/FinInstnId/Othr/Id", "NOTPROVIDED")
    _put(payment, "ChrgBr", "SLEV")
    for one in paid:
        _credit(payment, one)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _credit(payment: ET.Element, one: Credit) -> None:
    credit = ET.SubElement(payment, "CdtTrfTxInf")
    _put(credit, "PmtId/EndToEndId", reference(one.transfer))
    amount = _put(credit, "Amt/InstdAmt", cents(one.amount))
    amount.set("Ccy", "EUR")
    _put(credit, "Cdtr/Nm", plain_name(one.holder))
    _put(credit, "CdtrAcct/Id/IBAN", one.iban)
    _put(credit, "RmtInf/Ustrd", f"TIERS PAYANT {reference(one.transfer)}")


def _put(parent: ET.Element, path: str, text: str) -> ET.Element:
    """Add an element, and those that lead to it."""
    for name in path.split("/"):
        parent = ET.SubElement(parent, name)
    parent.text = text
    return parent
