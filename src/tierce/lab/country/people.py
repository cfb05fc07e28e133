"""Families of the synthetic country: who they are, under whose NIR, and on what card.

The proportions are assumptions, not measurements: docs/reference/synthetic-country.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from tierce.lab.country.identifiers import CORSICA_FROM, NirSource, waiting_number
from tierce.lab.country.names import FAMILIES, MEN, WOMEN

ADULT: Final = 18
HOMONYM_EVERY: Final = 400
"""One family in so many has a holder with the names and birth date of an earlier one."""

Triple = tuple[str, str, str]
"""(NIR of the rights holder, birth date, rank), in clear: invented people only."""


@dataclass(slots=True)
class Person:
    """An invented person, as every insurer's copy tells her."""

    family_name: str
    used_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    own_nir: str
    holder_nir: str
    rank: str
    relationship: str
    represented: bool = False
    card: Triple | None = None
    vitale: Triple | None = None
    provisional: str = ""

    def traits(self) -> Iterator[str]:
        """Name the rare cases that she is, as the truth counts them."""
        if self.birth_date[4:6] == "00" or self.birth_date[6:] > "31":
            yield "lunar"
        if self.rank == "2":
            yield "twins"
        if self.represented:
            yield "represented"
        if self.birth_place[1] in "AB":
            yield "corsica"
        if self.own_nir[0] in "78":
            yield "waiting"
        if self.provisional:
            yield "regularised"


class People:
    """Makes families one after the other; the same seed makes the same people."""

    def __init__(self, rng: Random, on: date, nirs: NirSource) -> None:
        """Draw from `rng`, and numbers from `nirs`; ages are those of the day `on`."""
        self._rng = rng
        self._on = on
        self._adults_until = f"{on.year - ADULT}{on:%m%d}"
        self._nirs = nirs
        self._families = 0
        self._homonym: Person | None = None

    def family(self) -> list[Person]:
        """Make one family: the holder first, then perhaps a spouse and children."""
        rng = self._rng
        self._families += 1
        holder = self._holder()
        members = [holder]
        age = self._on.year - int(holder.birth_date[:4])
        spouse = self._spouse(holder) if rng.random() < 0.45 else None
        if spouse is not None:
            members.append(spouse)
        if 24 <= age <= 62 and rng.random() < 0.55:
            members.extend(self._children(holder, spouse, age))
        return members

    def _holder(self) -> Person:
        rng = self._rng
        again = self._homonym
        if again is not None and self._families % HOMONYM_EVERY == 0:
            self._homonym = None
            month = int(again.birth_date[4:6])
            place, nir = self._nirs.draw(again.sex, int(again.birth_date[:4]), month)
            return Person(
                again.family_name,
                again.used_name,
                again.given_names,
                again.sex,
                again.birth_date,
                place,
                nir,
                nir,
                "1",
                "holder",
            )
        sex = "F" if rng.random() < 0.5 else "M"
        year = self._on.year - 22 - int(rng.triangular(0, 70, 22))
        holder = self._adult(sex, year, FAMILIES[int(rng.random() * len(FAMILIES))], "holder")
        if self._families % HOMONYM_EVERY == HOMONYM_EVERY // 2 and holder.birth_date[4:6] != "00":
            self._homonym = holder
        return holder

    def _adult(self, sex: str, year: int, family_name: str, relationship: str) -> Person:
        birth, nir_month = self._birth(year)
        place, nir = self._draw(sex, year, nir_month)
        provisional = ""
        drawn = self._rng.random()
        if drawn < 0.001:
            nir = waiting_number(nir)
        elif drawn < 0.003:
            provisional = waiting_number(nir)
        used = ""
        if sex == "F" and self._rng.random() < 0.35:
            used = FAMILIES[int(self._rng.random() * len(FAMILIES))]
        adult = Person(family_name, used, self._given(sex), sex, birth, place, nir, nir, "1", relationship)
        adult.provisional = provisional
        return adult

    def _draw(self, sex: str, year: int, month: int) -> tuple[str, str]:
        """Draw a place of birth and a NIR; a few of those born since its letters came are of Corsica."""
        corsican = year >= CORSICA_FROM and self._rng.random() < 0.005
        return self._nirs.draw(sex, year, month, corsican=corsican)

    def _spouse(self, holder: Person) -> Person:
        rng = self._rng
        sex = holder.sex if rng.random() < 0.03 else ("M" if holder.sex == "F" else "F")
        year = min(int(holder.birth_date[:4]) + int(rng.random() * 11) - 5, self._on.year - 19)
        relationship = "spouse" if rng.random() < 0.7 else "partner"
        spouse = self._adult(sex, year, FAMILIES[int(rng.random() * len(FAMILIES))], relationship)
        if spouse.sex == "F" and spouse.used_name:
            spouse.used_name = holder.family_name
        if rng.random() < 0.2 and spouse.birth_date != holder.birth_date:
            spouse.holder_nir = holder.own_nir
        return spouse

    def _children(self, holder: Person, spouse: Person | None, age: int) -> list[Person]:
        rng = self._rng
        children: list[Person] = []
        youngest_parent = age if spouse is None else min(age, self._on.year - int(spouse.birth_date[:4]))
        child_age = int(rng.random() * max(1, min(25, youngest_parent - 20)))
        under = spouse if spouse is not None and rng.random() < 0.3 else holder
        other = holder if under is spouse else spouse
        for _ in range(1 + int(rng.random() * 3)):
            if child_age < 0:
                break
            children.extend(self._birth_of(self._on.year - child_age, holder, under, other))
            child_age -= 1 + int(rng.random() * 4)
        return children

    def _birth_of(self, year: int, holder: Person, under: Person, other: Person | None) -> list[Person]:
        rng = self._rng
        birth, nir_month = self._birth(year)
        twins = rng.random() < 0.015
        born: list[Person] = []
        for rank in ("1", "2") if twins else ("1",):
            sex = "F" if rng.random() < 0.49 else "M"
            place, nir = self._draw(sex, year, nir_month)
            minor = birth > self._adults_until
            child = Person(
                holder.family_name,
                "",
                self._given(sex),
                sex,
                birth,
                place,
                nir,
                under.holder_nir if minor else nir,
                rank if minor else "1",
                "child",
                represented=minor,
            )
            if minor and other is not None and other.holder_nir != child.holder_nir:
                self._differ(child, other.holder_nir)
            born.append(child)
        return born

    def _differ(self, child: Person, other_nir: str) -> None:
        """For a few children the card, or the carte Vitale, names the other parent."""
        drawn = self._rng.random()
        if drawn < 0.02:
            child.card = (other_nir, child.birth_date, child.rank)
        elif drawn < 0.04:
            child.vitale = (other_nir, child.birth_date, child.rank)

    def _birth(self, year: int) -> tuple[str, int]:
        """Draw a birth date of the year, and the month that the NIR shows for it; a few are lunar."""
        rng = self._rng
        if rng.random() < 0.003:
            return f"{year}0000", 20 + int(rng.random() * 11)
        last_month = 12 if year < self._on.year else self._on.month - 1 or 1
        month = 1 + int(rng.random() * last_month)
        if rng.random() < 0.001:
            return f"{year}{month:02d}32", month
        day = 1 + int(rng.random() * 28)
        if year == self._on.year and month == self._on.month:
            day = 1
        return f"{year}{month:02d}{day:02d}", month

    def _given(self, sex: str) -> str:
        rng = self._rng
        names = WOMEN if sex == "F" else MEN
        count = 1 + int(rng.random() * 3)
        return " ".join(dict.fromkeys(names[int(rng.random() * len(names))] for _ in range(count)))
