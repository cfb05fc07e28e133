"""Numbers for invented people, professionals and establishments: valid keys, never anybody's.

NIR: see `Nir.is_synthetic`. RPPS: 11 digits with a Luhn key, starting with 999, of which we know no published
number. FINESS: 9 digits with a Luhn key, starting with 99, which is no département.
"""

import math
from typing import Final

from tierce.kernel.nir import SYNTHETIC_COMMUNES, SYNTHETIC_CORSICA, SYNTHETIC_DEPARTMENTS, nir_key

STORY_COMMUNE: Final = SYNTHETIC_COMMUNES[-1]
"""Kept for the story's characters, so that no seed can give one of their numbers to somebody else."""

_COMMUNES: Final = SYNTHETIC_COMMUNES[:-1]
_PLACES: Final = tuple(
    f"{department}{commune}" for commune in _COMMUNES for department in sorted(SYNTHETIC_DEPARTMENTS)
)
_CORSICA: Final = tuple(f"{department}{commune}" for commune in _COMMUNES for department in sorted(SYNTHETIC_CORSICA))
CORSICA_FROM: Final = 1976
"""The letters of Corsica came in that year."""
_STRIDE: Final = 617
_ORDERS: Final = 998
_ROOM: Final = 200
"""Numbers of a sex, year and month that a block has for itself; about ten are used by ten thousand people."""
_CORSICAN_ROOM: Final = 12
_WAITING: Final = {"1": "7", "2": "8"}
"""The first character of a waiting number, by that of the number it stands for."""
if math.gcd(_STRIDE, len(_PLACES)) != 1 or math.gcd(_STRIDE, len(_CORSICA)) != 1:
    msg = "the stride must visit every place"
    raise AssertionError(msg)


def make_nir(sex: str, year: int, month: int, place: str, order: int) -> str:
    """Make a NIR with its key: `sex` M or F, `place` five characters, `order` 1 to 999."""
    body = f"{'1' if sex == 'M' else '2'}{year % 100:02d}{month:02d}{place}{order:03d}"
    return f"{body}{nir_key(body):02d}"


def waiting_number(nir: str) -> str:
    """Make the number under which somebody waits for hers: the same, with another first character and its key."""
    body = _WAITING[nir[0]] + nir[1:13]
    return f"{body}{nir_key(body):02d}"


class NirSource:
    """Gives NIRs that never repeat: the n-th number of a sex, year and month has its own place and order.

    Blocks share nothing: each has numbers of its own. There are 868,260 of a sex, year of the century and month,
    hence 4,341 blocks: forty million people.
    """

    def __init__(self, block: int | None) -> None:
        """Start the numbers of block `block`, with none given; without a block, all the numbers there are."""
        self._block = block
        self._given: dict[tuple[str, int, int, bool], int] = {}

    def draw(self, sex: str, year: int, month: int, *, corsican: bool = False) -> tuple[str, str]:
        """Return (place of birth, NIR).

        Raises:
            ValueError: the block has used up its numbers of this sex, year and month, or there are too many blocks.
        """
        key = (sex, year % 100, month, corsican)
        places, room = (_CORSICA, _CORSICAN_ROOM) if corsican else (_PLACES, _ROOM)
        given = self._given.get(key, 0)
        self._given[key] = given + 1
        number = given if self._block is None else self._block * room + given
        turn = number // len(places)
        if (self._block is not None and given >= room) or turn >= _ORDERS:
            msg = "no synthetic number is left for this sex, year and month"
            raise ValueError(msg)
        place_number = (number * _STRIDE + year * 31 + month * 7) % len(places)
        place = places[place_number]
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
