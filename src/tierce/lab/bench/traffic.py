"""Who asks for whom in the measurement: people who cannot exist, desks of several professions, a mix of asks.

The mix is that of the measured design of the gate: 70 % of the asks are for somebody the desk knows, 25 % for
somebody it has never seen, 5 % for identifiers that the register does not hold. Asks are uniform over desks and
people, which is the worst for every cache.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tierce.kernel.care import Domain, Profession
from tierce.kernel.nir import SYNTHETIC_COMMUNES, SYNTHETIC_DEPARTMENTS, nir_key

KNOWN_SHARE: Final = 0.70
UNKNOWN_SHARE: Final = 0.05
KNOWN_PER_DESK: Final = 30

PROFESSIONS: Final[Sequence[tuple[Profession, Domain, int]]] = (
    (Profession.GP, Domain.MEDG, 40),
    (Profession.PHARMACY, Domain.PHAR, 20),
    (Profession.NURSE, Domain.AUXM, 15),
    (Profession.DENTIST, Domain.DENT, 10),
    (Profession.OPTICIAN, Domain.OPTI, 10),
    (Profession.HOSPITAL, Domain.HOSP, 5),
)
"""Profession, the domain its desks ask about, and its share of the desks in per cent."""

_DEPARTMENTS: Final = sorted(SYNTHETIC_DEPARTMENTS)
_ORDERS: Final = 999
_YEARS: Final = 80
_FIRST_YEAR: Final = 1930


def identifiers_of(number: int) -> tuple[str, str]:
    """Return the NIR (15 characters) and birth date (YYYYMMDD) of an invented person; one to one below 10⁹."""
    rest, order = divmod(number, _ORDERS)
    rest, commune = divmod(rest, len(SYNTHETIC_COMMUNES))
    rest, department = divmod(rest, len(_DEPARTMENTS))
    rest, month = divmod(rest, 12)
    sex, year = divmod(rest, _YEARS)
    born = _FIRST_YEAR + year
    body = (
        f"{1 + sex % 2}{born % 100:02}{month + 1:02}{_DEPARTMENTS[department]}"
        f"{SYNTHETIC_COMMUNES[commune]}{order + 1:03}"
    )
    return f"{body}{nir_key(body):02}", f"{born}{month + 1:02}{number % 28 + 1:02}"


def place_of(desk: int) -> tuple[Profession, Domain]:
    """Return the profession and domain of a desk; shares hold over every hundred desks."""
    position = desk % 100
    for profession, domain, share in PROFESSIONS:
        if position < share:
            return profession, domain
        position -= share
    msg = "the shares of PROFESSIONS do not sum to 100"
    raise AssertionError(msg)


@dataclass(frozen=True, slots=True)
class Ask:
    """One ask: desk number and person number; numbers from `Traffic.persons` up are in no register."""

    desk: int
    person: int


class Traffic:
    """The asks of a run, repeatable from a seed."""

    def __init__(self, *, desks: int, persons: int, seed: int) -> None:
        """Draw, for each desk, the people it already knows."""
        self.desks = desks
        self.persons = persons
        self._random = random.Random(seed)
        self.known = [self._random.sample(range(persons), KNOWN_PER_DESK) for _ in range(desks)]

    def draw(self, count: int) -> list[Ask]:
        """Draw the next `count` asks."""
        return [self._one() for _ in range(count)]

    def _one(self) -> Ask:
        desk = self._random.randrange(self.desks)
        kind = self._random.random()
        if kind < KNOWN_SHARE:
            return Ask(desk, self._random.choice(self.known[desk]))
        first = self.persons if kind < KNOWN_SHARE + UNKNOWN_SHARE else 0
        return Ask(desk, first + self._random.randrange(self.persons))
