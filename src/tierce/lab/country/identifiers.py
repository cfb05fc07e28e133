"""Numbers for invented people, professionals and establishments: valid keys, never anybody's.

NIR: see `Nir.is_synthetic`. RPPS: 11 digits with a Luhn key, starting with 999, of which we know no published
number. FINESS: 9 digits with a Luhn key, starting with 99, which is no département.
"""

import math
from typing import Final

from tierce.kernel.nir import SYNTHETIC_COMMUNES, SYNTHETIC_DEPARTMENTS, nir_key

STORY_COMMUNE: Final = SYNTHETIC_COMMUNES[-1]
"""Kept for the story's characters, so that no seed can give one of their numbers to somebody else."""

_PLACES: Final = tuple(
    f"{department}{commune}" for commune in SYNTHETIC_COMMUNES[:-1] for department in sorted(SYNTHETIC_DEPARTMENTS)
)
_STRIDE: Final = 617
_ORDERS: Final = 998
if math.gcd(_STRIDE, len(_PLACES)) != 1:
    msg = "the stride must visit every place"
    raise AssertionError(msg)


def make_nir(sex: str, year: int, month: int, place: str, order: int) -> str:
    """Make a NIR with its key: `sex` M or F, `place` five characters, `order` 1 to 999."""
    body = f"{'1' if sex == 'M' else '2'}{year % 100:02d}{month:02d}{place}{order:03d}"
    return f"{body}{nir_key(body):02d}"


class NirSource:
    """Gives NIRs that never repeat: the n-th number of a sex, year and month has its own place and order."""

    def __init__(self) -> None:
        """Start with no number given."""
        self._given: dict[tuple[str, int, int], int] = {}

    def draw(self, sex: str, year: int, month: int) -> tuple[str, str]:
        """Return (place of birth, NIR); room for 868,260 people of a sex, year of the century and month."""
        key = (sex, year % 100, month)
        number = self._given.get(key, 0)
        self._given[key] = number + 1
        place_number = (number * _STRIDE + year * 31 + month * 7) % len(_PLACES)
        turn = number // len(_PLACES)
        if turn >= _ORDERS:
            msg = "no synthetic number is left for this sex, year and month"
            raise ValueError(msg)
        place = _PLACES[place_number]
        order = 1 + (turn + place_number * 37 + year * 13 + month * 101) % _ORDERS
        return place, make_nir(sex, year, month, place, order)


def luhn(digits: str) -> str:
    """Append the Luhn key (ISO/IEC 7812-1, annex B) to a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{digits}{-total % 10}"


def make_rpps(number: int) -> str:
    """Make the RPPS number of the n-th invented professional, 0 to 9,999,999."""
    return luhn(f"999{number:07d}")


def make_finess(number: int) -> str:
    """Make the FINESS number of the n-th invented establishment, 0 to 999,999."""
    return luhn(f"99{number:06d}")
