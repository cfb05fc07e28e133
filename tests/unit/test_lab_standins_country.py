"""The stand-ins know the people of the synthetic country, and tell the traits that its feeds tell."""

import json
from datetime import date
from pathlib import Path

import pytest

from tierce.identity.claims import person
from tierce.identity.oidc import Claims
from tierce.identity.rules import pivot_bytes
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.traits import normalise_traits
from tierce.lab.country.population import Plan, write_country
from tierce.lab.standins.from_country import make_directory, write_directory
from tierce.lab.standins.provider import Directory, Realm, RealmName, load_directory
from tierce.policy.allowed import STAFF_ROLES


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("country") / "made"
    write_country(Plan(persons=60, insurers=4, professionals=30, seed=3, on=date(2026, 11, 23)), out, lambda _: None)
    return out


@pytest.fixture(scope="module")
def directory(country: Path) -> Directory:
    return make_directory(country, [])


def test_the_story_is_on_the_first_page(directory: Directory) -> None:
    featured = {entry.family_name: entry for entry in directory.psc if entry.featured}
    assert set(featured) == {"Morvan", "Ferrand"}
    assert [place.mode for place in featured["Morvan"].activities] == ["L", "S"]
    assert {entry.name for entry in directory.staff} == {"Hélène Vasseur", "Marc Tessier", "Bruno Caradec"}
    assert {role for entry in directory.staff for role in entry.roles} <= STAFF_ROLES
    assert len(directory.psc) >= 30


def test_a_story_character_has_the_traits_of_her_feed_line(country: Path, directory: Directory) -> None:
    story = json.loads((country / "truth.json").read_text())["story"]
    clock = FixedClock(SystemClock().now())
    realm = Realm(RealmName.PERSONS, "http://127.0.0.1:1/persons", directory, clock)
    for name, told in story.items():
        for number, member in enumerate(told.get("members", [])):
            entry = realm.entry(f"{name}-{number}")
            said = {key: getattr(entry, key) for key in entry.__struct_fields__}
            pivot = person(Claims({"acr": "eidas1"}, said))
            fed = normalise_traits(
                member["family_name"],
                member["given_names"],
                member["birth_date"],
                member["sex"],
                member["birth_place"],
            )
            assert pivot_bytes(pivot) == fed


def test_the_file_is_read_back(country: Path, directory: Directory, tmp_path: Path) -> None:
    file = tmp_path / "identities.json"
    write_directory(country, [], file)
    assert load_directory(file.read_bytes()) == directory
