"""Numbers whose last digit is the Luhn key of the others (ISO/IEC 7812-1, annex B)."""

import re
from typing import Final

_RPPS: Final = re.compile(r"[0-9]{11}", re.ASCII)


def luhn_holds(digits: str) -> bool:
    """Tell whether the last digit is the key of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 if place % 2 == 0 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_rpps(text: str) -> bool:
    """Whether this is a professional's number: eleven digits, the last of which is the key of the others."""
    return _RPPS.fullmatch(text) is not None and luhn_holds(text)
