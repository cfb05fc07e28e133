"""What a short free text must not hold: a number or a birth date that names somebody.

A professional may type a few characters of her own beside an ask or on a device. They are kept in clear, so they must
not become a second register of people. Names cannot be told from other words; numbers and dates can.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

_NIR: Final = re.compile(r"[1-8]\d{4}(?:\d{2}|2[AB])\d{6}", re.IGNORECASE)
"""The thirteen characters of a NIR, Corsica included, once separators are gone; the key may follow."""
_HELD: Final = re.compile(r"[0-9][0-9AB]{12}", re.ASCII | re.IGNORECASE)
_APART: Final = re.compile(r"[^\w,;:()!?\"«»/]|_")
"""What may stand between the digits of one number: no mark that ends a part of a sentence, nor that of a date."""
_DIGITS_MAX: Final = 12
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:18[89]\d|19\d{2}|20\d{2})"
_MONTHS: Final = "janv|jan|fevr|fev|feb|mars|mar|avr|apr|mai|may|juin|jun|juil|jul|aout|aug|sept|sep|oct|nov|dec"
_SEPARATED: Final = r"\s*[/.\-\s]\s*"
_BETWEEN: Final = r"[^0-9A-Za-z]+"
"""Whatever stands between the parts of a date whose year is whole: dashes, commas, middle dots, what is not seen."""
_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_DAY}{_BETWEEN}{_MONTH}{_BETWEEN}{_YEAR}(?!\d)",
        rf"(?<!\d){_MONTH}{_BETWEEN}{_DAY}{_BETWEEN}{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}{_SEPARATED}{_MONTH}{_SEPARATED}\d{{2}}(?!\d)",
        rf"(?<!\d){_YEAR}{_BETWEEN}{_MONTH}{_BETWEEN}{_DAY}(?!\d)",
        r"(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])" + _YEAR + r"(?!\d)",
        r"(?<!\d)" + _YEAR + r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)",
        rf"(?<!\d){_DAY}(?:er|st|nd|rd|th)?\s*(?:{_MONTHS})[a-z]*\.?,?\s*{_YEAR}(?!\d)",
        rf"(?:{_MONTHS})[a-z]*\.?\s*{_DAY}(?:st|nd|rd|th)?,?\s*{_YEAR}(?!\d)",
    )
)


class Likeness(StrEnum):
    """What a text looks like."""

    NIR = "nir"
    BIRTH_DATE = "birth_date"


def looks_like(text: str) -> Likeness | None:
    """Say whether a short text looks like a NIR (whole, or with its digits apart) or like a date of birth.

    It errs on the side of refusing: any full date is taken for a birth date. A time, initials, a file number of up
    to twelve digits pass.
    """
    plain = _plain_digits(
        "".join(
            character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character)
        )
    )
    compact = re.sub(r"[\W_]", "", plain)
    if _NIR.search(compact) or sum(character.isdigit() for character in compact) > _DIGITS_MAX:
        return Likeness.NIR
    return Likeness.BIRTH_DATE if any(one.search(plain) for one in _DATES) else None


def holds_nir(text: str) -> bool:
    """Say whether a sentence, such as a reason, may hold a NIR: 13 digits in a row, or A or B for some of them.

    In whatever digits, with spaces, dots, dashes or what is not seen between them. Dates and telephone numbers pass,
    which a reason may well hold.
    """
    return _HELD.search(_APART.sub("", _plain_digits(unicodedata.normalize("NFKC", text)))) is not None


def _plain_digits(text: str) -> str:
    """The text with the digits of any script as ours."""
    return "".join(str(unicodedata.decimal(character, character)) for character in text)
