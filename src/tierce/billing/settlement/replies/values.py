"""Values of the bank's messages, read strictly; and our own numbers, recognised among others."""

import re
from decimal import Decimal
from typing import Final

from tierce.billing.settlement.pain import message_id, reference
from tierce.billing.settlement.replies.stream import wrong
from tierce.kernel.clock import day_of, read_date

EURO: Final = "EUR"
_AMOUNT: Final = re.compile(r"\d{1,13}(?:\.\d{1,5})?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_CODE: Final = re.compile(r"[A-Z0-9]{1,4}", re.ASCII)
_OURS: Final = re.compile(r"(?:TIERCE|TP)-[0-9a-f]{16}", re.ASCII)
_DAY_CHARS: Final = 10


def cents_of(where: str, text: str) -> int:
    """An amount as whole cents.

    Raises:
        BankFileError: it is none.
    """
    if _AMOUNT.fullmatch(text):
        value = Decimal(text) * 100
        if value == value.to_integral_value():
            return int(value)
    raise wrong(where, "un montant n’est pas lu.", "an amount is not read.", *_ASK)


def count_of(where: str, text: str) -> int:
    """A number of things.

    Raises:
        BankFileError: it is none.
    """
    if not _COUNT.fullmatch(text):
        raise wrong(where, "un nombre n’est pas lu.", "a number is not read.", *_ASK)
    return int(text)


def day_from(where: str, text: str) -> int:
    """A day, or the day of a time as the bank writes it.

    Raises:
        BankFileError: it is none.
    """
    try:
        return day_of(read_date(text[:_DAY_CHARS]))
    except ValueError:
        raise wrong(where, "une date n’est pas lue.", "a date is not read.", *_ASK) from None


def code_from(text: str) -> str:
    """A code of ISO 20022's external sets; empty for whatever else: a text of the bank's is never kept."""
    return text if _CODE.fullmatch(text) else ""


def batch_of(text: str) -> int | None:
    """The batch whose number this is, or None."""
    return _number(text) if _OURS.fullmatch(text) and text == message_id(_number(text)) else None


def transfer_of(text: str) -> int | None:
    """The transfer whose number this is, or None."""
    return _number(text) if _OURS.fullmatch(text) and text == reference(_number(text)) else None


def _number(text: str) -> int:
    return int(text.rpartition("-")[2], 16)


_ASK: Final = ("Demandez à la banque un fichier conforme.", "Ask the bank for a file that holds to the standard.")
