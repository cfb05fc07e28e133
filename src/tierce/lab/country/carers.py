"""Invented professionals of each profession, their establishments and activities, as directory lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from tierce.kernel.care import PROFESSION_LABELS, Profession
from tierce.lab.country.identifiers import make_finess, make_rpps
from tierce.lab.country.names import FAMILIES, MEN, TOWNS, WOMEN

_SHARES: Final = {
    Profession.GP: 22,
    Profession.SPECIALIST: 12,
    Profession.PHARMACY: 14,
    Profession.DENTIST: 10,
    Profession.NURSE: 14,
    Profession.PHYSIO: 9,
    Profession.OPTICIAN: 7,
    Profession.AUDIO: 2,
    Profession.LABORATORY: 2,
    Profession.RADIOLOGY: 2,
    Profession.HOSPITAL: 2,
    Profession.TRANSPORT: 2,
    Profession.MIDWIFE: 2,
}
"""Of a hundred professionals; an assumption, only the order of magnitude matters."""

CIVIL: Final = {
    Profession.GP: ("10", "Médecin", "SM53", "Spécialiste en Médecine Générale"),
    Profession.SPECIALIST: ("10", "Médecin", "SM04", "Cardiologie et maladies vasculaires"),
    Profession.RADIOLOGY: ("10", "Médecin", "SM44", "Radio-diagnostic"),
    Profession.HOSPITAL: ("10", "Médecin", "SM53", "Spécialiste en Médecine Générale"),
    Profession.LABORATORY: ("10", "Médecin", "SM03", "Biologie médicale"),
    Profession.PHARMACY: ("21", "Pharmacien", "", ""),
    Profession.DENTIST: ("40", "Chirurgien-Dentiste", "", ""),
    Profession.MIDWIFE: ("50", "Sage-Femme", "", ""),
    Profession.NURSE: ("60", "Infirmier", "", ""),
    Profession.PHYSIO: ("70", "Masseur-Kinésithérapeute", "", ""),
    Profession.OPTICIAN: ("28", "Opticien-Lunetier", "", ""),
    Profession.AUDIO: ("26", "Audioprothésiste", "", ""),
    Profession.TRANSPORT: ("", "", "", ""),
    Profession.SPEECH: ("91", "Orthophoniste", "", ""),
    Profession.ORTHOPTIST: ("92", "Orthoptiste", "", ""),
    Profession.PODIATRIST: ("80", "Pédicure-Podologue", "", ""),
}

_HOUSES: Final = {
    Profession.GP: "Cabinet médical",
    Profession.SPECIALIST: "Cabinet de cardiologie",
    Profession.PHARMACY: "Pharmacie",
    Profession.DENTIST: "Cabinet dentaire",
    Profession.NURSE: "Cabinet infirmier",
    Profession.PHYSIO: "Cabinet de kinésithérapie",
    Profession.OPTICIAN: "Optique",
    Profession.AUDIO: "Audition",
    Profession.LABORATORY: "Laboratoire",
    Profession.RADIOLOGY: "Centre d’imagerie",
    Profession.TRANSPORT: "Ambulances",
    Profession.MIDWIFE: "Cabinet de sages-femmes",
}
_SIGNS: Final = (
    "des Tilleuls", "des Remparts", "du Marché", "de la Poste", "du Vieux Pont", "des Halles", "de la Gare",
    "du Centre", "des Écoles", "de la Fontaine", "du Beffroi", "des Arcades", "de la Place", "du Parc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Establishment:
    """A place of care."""

    finess: str
    name: str
    town: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One professional, one place, one profession exercised there."""

    rpps: str
    family_name: str
    given_name: str
    profession: Profession
    establishment: Establishment


MORVAN: Final = make_rpps(1)
FERRAND: Final = make_rpps(2)
_TILLEULS: Final = Establishment(make_finess(1), "Cabinet médical des Tilleuls", "Valbrume")
_HOSPITAL: Final = Establishment(make_finess(2), "Centre hospitalier de Valbrume", "Valbrume")
_REMPARTS: Final = Establishment(make_finess(3), "Optique des Remparts", "Port-Sérac")
_UNCOUNTED: Final = (
    Activity(make_rpps(3), "TISSERAND", "ÉLODIE", Profession.SPEECH,
             Establishment(make_finess(4), "Cabinet d’orthophonie de la Fontaine", "Valbrume")),
    Activity(make_rpps(4), "LANCELIN", "BRUNO", Profession.ORTHOPTIST,
             Establishment(make_finess(5), "Cabinet d’orthoptie des Halles", "Valbrume")),
    Activity(make_rpps(5), "ROSSIGNOL", "AGNÈS", Profession.PODIATRIST,
             Establishment(make_finess(6), "Cabinet de podologie du Parc", "Port-Sérac")),
)  # fmt: skip
"""One of each, drawn from nothing: whoever else is drawn stays who she was."""


def story_activities() -> list[Activity]:
    """List the activities of the story's professionals, the same whatever the seed."""
    return [
        Activity(MORVAN, "MORVAN", "CLAIRE", Profession.GP, _TILLEULS),
        Activity(MORVAN, "MORVAN", "CLAIRE", Profession.HOSPITAL, _HOSPITAL),
        Activity(FERRAND, "FERRAND", "NADIA", Profession.OPTICIAN, _REMPARTS),
        *_UNCOUNTED,
    ]


class _Places:
    """Hands out establishments: one hospital a town, shared; other places for one to four professionals."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made = 10
        self._hospitals: dict[str, Establishment] = {"Valbrume": _HOSPITAL}
        self._open: dict[Profession, tuple[Establishment, int]] = {}

    def _number(self) -> str:
        self._made += 1
        return make_finess(self._made)

    def place(self, profession: Profession) -> Establishment:
        rng = self._rng
        town = TOWNS[int(rng.random() * len(TOWNS))]
        if profession is Profession.HOSPITAL:
            if town not in self._hospitals:
                self._hospitals[town] = Establishment(self._number(), f"Centre hospitalier de {town}", town)
            return self._hospitals[town]
        current, left = self._open.get(profession, (None, 0))
        if current is None or left == 0:
            sign = _SIGNS[int(rng.random() * len(_SIGNS))]
            current = Establishment(self._number(), f"{_HOUSES[profession]} {sign}", town)
            left = 1 + int(rng.random() * 4)
        self._open[profession] = (current, left - 1)
        return current


def make_activities(rng: Random, professionals: int) -> Iterator[Activity]:
    """Yield the story's activities, then those of the others; one professional in eight has a second one."""
    yield from story_activities()
    places = _Places(rng)
    wheel = [profession for profession, share in _SHARES.items() for _ in range(share)]
    for number in range(professionals - 2 - len(_UNCOUNTED)):
        profession = list(_SHARES)[number] if number < len(_SHARES) else wheel[int(rng.random() * len(wheel))]
        given = (WOMEN if rng.random() < 0.55 else MEN)[int(rng.random() * 255)]
        family = FAMILIES[int(rng.random() * len(FAMILIES))]
        rpps = make_rpps(100 + number)
        first = places.place(profession)
        yield Activity(rpps, family, given, profession, first)
        if rng.random() < 0.125:
            medical = profession in {Profession.GP, Profession.SPECIALIST, Profession.MIDWIFE}
            second = Profession.HOSPITAL if medical else profession
            other = places.place(second)
            if other != first:
                yield Activity(rpps, family, given, second, other)


def directory_fields(activity: Activity) -> list[str]:
    """Lay an activity out in the order of the directory's columns."""
    code, label, skill, skill_label = CIVIL[activity.profession]
    place = activity.establishment
    return [
        "8",
        activity.rpps,
        f"8{activity.rpps}",
        activity.family_name,
        activity.given_name,
        code,
        label or PROFESSION_LABELS[activity.profession].fr.capitalize(),
        skill,
        skill_label,
        place.finess,
        place.name,
        place.name,
        place.town,
        activity.profession.name,
    ]
