"""Makes the stand-ins' directory file from a synthetic country: its professionals, staff and story characters."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tierce.lab.country.story import INSURER_STAFF
from tierce.lab.standins.provider import (
    Client,
    Directory,
    InsurerEntry,
    PersonEntry,
    Place,
    PscEntry,
    StaffEntry,
)

DELIMITER = "|"
OFFICE_ROLES = {"rssi": "security", "dpo": "dpo", "exploitation": "operations"}
"""The country's word for a function -> the role that the office's policy knows."""


def make_directory(country: Path, clients: Iterable[Client]) -> Directory:
    """Read `directory.csv` and `truth.json` of a country; the story's characters are the featured ones."""
    truth: dict[str, Any] = json.loads((country / "truth.json").read_text(encoding="utf-8"))
    story: dict[str, dict[str, Any]] = truth["story"]
    featured = {f"8{told['rpps']}" for told in story.values() if "rpps" in told}
    return Directory(
        clients=list(clients),
        psc=_professionals(country / "directory.csv", featured),
        staff=[StaffEntry(_subject(one["name"]), one["name"], [OFFICE_ROLES[one["role"]]]) for one in truth["staff"]],
        persons=[
            _person(name, number, member)
            for name, told in story.items()
            for number, member in enumerate(told.get("members", []))
        ],
        insurers=_insurer_staff(country / "insurers.csv"),
    )


def write_directory(country: Path, clients: Iterable[Client], file: Path) -> None:
    """Write the file that `tierce lab standins --directory` takes."""
    file.write_bytes(msgspec.json.encode(make_directory(country, clients)))


def _professionals(path: Path, featured: set[str]) -> list[PscEntry]:
    rows: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=DELIMITER):
            rows.setdefault(row["Identification nationale PP"], []).append(row)
    return [
        PscEntry(
            national_id=national_id,
            family_name=found[0]["Nom d'exercice"].title(),
            given_name=found[0]["Prénom d'exercice"].title(),
            profession_code=found[0]["Code profession"],
            activities=[_place(row) for row in found],
            featured=national_id in featured,
        )
        for national_id, found in rows.items()
    ]


def _place(row: dict[str, str]) -> Place:
    employed = row["Profession Tierce"] == "HOSPITAL"
    return Place(
        finess=row["Numéro FINESS site"],
        name=row["Raison sociale site"],
        town=row["Libellé commune (coord. structure)"],
        mode="S" if employed else "L",
    )


def _insurer_staff(path: Path) -> list[InsurerEntry]:
    """One person for each of the first insurers of the file, as many as the story has."""
    with path.open(encoding="utf-8", newline="") as file:
        known = list(dict.fromkeys((row["amc"], row["name"]) for row in csv.DictReader(file)))
    return [
        InsurerEntry(_subject(name), name, amc, insurer)
        for name, (amc, insurer) in zip(INSURER_STAFF, known, strict=False)
    ]


def _subject(name: str) -> str:
    return name.casefold().replace(" ", ".")


def _person(role: str, number: int, member: dict[str, Any]) -> PersonEntry:
    """A member of a story family; the first of each family is listed on the sign-in page."""
    birth = member["birth_date"]
    return PersonEntry(
        sub=f"{role}-{number}",
        family_name=member["family_name"].title(),
        given_name=member["given_names"].title(),
        birthdate=f"{birth[:4]}-{birth[4:6]}-{birth[6:]}",
        gender="male" if member["sex"] == "M" else "female",
        birthplace=member["birth_place"],
        featured=number == 0,
    )
