"""The story's characters: the same whatever the seed. All are invented."""

from dataclasses import dataclass
from typing import Final

from tierce.lab.country.identifiers import STORY_COMMUNE, make_nir
from tierce.lab.country.people import Person


@dataclass(frozen=True, slots=True)
class StoryFamily:
    """One family of the story: `insurer` counts from 0; `second` is the insurer that pays what is left."""

    insurer: int
    product: str
    members: tuple[Person, ...]
    second: int | None = None
    former: bool = False


def _person(
    names: str,
    sex: str,
    birth_date: str,
    department: str,
    order: int,
    *,
    used_name: str = "",
    month: int | None = None,
) -> Person:
    family_name, _, given_names = names.partition(" ")
    place = f"{department}{STORY_COMMUNE}"
    nir = make_nir(sex, int(birth_date[:4]), month or int(birth_date[4:6]), place, order)
    return Person(family_name, used_name, given_names, sex, birth_date, place, nir, nir, "1", "holder")


def _child(parent: Person, given_names: str, sex: str, birth_date: str, order: int) -> Person:
    names = f"{parent.family_name} {given_names}"
    child = _person(names, sex, birth_date, parent.birth_place[:2], order)
    child.holder_nir = parent.own_nir
    child.relationship = "child"
    child.represented = True
    return child


def _lenoirs() -> tuple[Person, ...]:
    paul = _person("LENOIR PAUL ETIENNE", "M", "19790423", "41", 14)
    sophie = _person("MARCHAND SOPHIE ANNE", "F", "19810902", "41", 27, used_name="LENOIR")
    sophie.relationship = "spouse"
    jules = _child(paul, "JULES", "M", "20140617", 31)
    emma = _child(paul, "EMMA", "F", "20170305", 32)
    rose = _child(paul, "ROSE", "F", "20170305", 33)
    rose.rank = "2"  # Emma's twin
    return (paul, sophie, jules, emma, rose)


def story_families() -> list[StoryFamily]:
    """List the story's families, in the order in which they are written."""
    lunar = _person("OUADRANI YAMINA", "F", "19540000", "90", 61, month=20)
    lunar.vitale = (lunar.own_nir, "19540101", "1")
    return [
        StoryFamily(0, "CONFORT", _lenoirs()),
        StoryFamily(1, "SERENITE", (_person("ARMAND LUCIE", "F", "19901112", "23", 45),)),
        StoryFamily(0, "EQUILIBRE", (_person("DUBREUIL MARIE JEANNE", "F", "19750314", "36", 51),)),
        StoryFamily(2, "EQUILIBRE", (_person("DUBREUIL MARIE JEANNE", "F", "19750314", "36", 52),)),
        StoryFamily(0, "ESSENTIEL", (_person("CASTAING HENRI", "M", "19581130", "46", 71),), former=True),
        StoryFamily(3, "CONFORT", (lunar,)),
        StoryFamily(0, "CONFORT", (_person("GARRIGUE THOMAS", "M", "19860708", "12", 81),), second=1),
    ]


ROLES: Final = {
    "paul_lenoir": 0,
    "lucie_armand": 1,
    "marie_dubreuil": 2,
    "marie_dubreuil_homonym": 3,
    "henri_castaing_former": 4,
    "yamina_ouadrani_lunar": 5,
    "thomas_garrigue_two_insurers": 6,
}
"""Which family of the story each character of truth.json heads."""

STAFF: Final = (
    {"name": "Hélène Vasseur", "role": "rssi"},
    {"name": "Marc Tessier", "role": "dpo"},
    {"name": "Bruno Caradec", "role": "exploitation"},
)

INSURER_STAFF: Final = ("Camille Rouvray", "Idriss Belval")
"""Who signs in for the first and for the second insurer of the country."""
