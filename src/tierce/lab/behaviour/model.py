"""The numbers of honest behaviour, read from their documented tables."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from tierce.kernel.care import Profession
from tierce.lab.errors import LabError

PROFESSIONS: Final[Mapping[str, Profession]] = {
    "gp": Profession.GP,
    "pharmacy": Profession.PHARMACY,
    "dentist": Profession.DENTIST,
    "nurse": Profession.NURSE,
    "physio": Profession.PHYSIO,
    "optician": Profession.OPTICIAN,
    "hospital": Profession.HOSPITAL,
}
"""The professions whose behaviour is described, by the name that figures are printed under."""
NAMES: Final[Mapping[Profession, str]] = {profession: name for name, profession in PROFESSIONS.items()}
MARKS: Final = frozenset({"sourced", "derived", "assumed"})


@dataclass(frozen=True, slots=True)
class Habits:
    """How one profession asks; each field is a section of data/habits.toml, with its unit and source."""

    desks: int
    asks: float
    week_days: int
    days: int
    spread: float
    regularity: float
    no_card: float
    first_no_card: float
    first_card: float
    misses: float
    misses_of_regulars: float
    portal_only: float
    proved: float
    proved_quick: float
    delay_quick: float
    delay_slow: float
    proved_card: float
    delay_card: float
    file: int
    substituted: float
    device_years: float
    confirmed: float


@dataclass(frozen=True, slots=True)
class Year:
    """What happens to everybody in a year; each field is a section of data/year.toml."""

    season: float
    august: float
    monday: float
    january_misses: float
    january_first: float
    epidemic: float
    bronchiolitis: float
    tourist: float
    outage_days: float
    cell_outages: float
    home_area: float


PRESENCE: Final[Mapping[str, float]] = {"today": 0.0, "half": 0.5, "full": 0.9}
"""Presence mixes: the share of first-time people who prove their presence to us (grade A) when asked about. Today
nobody can; at `full` one in ten has neither card nor telephone at hand."""


def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """The two documented tables as they are written: by profession, and of the year."""
    data = files("tierce.lab.behaviour") / "data"
    return tuple(tomllib.loads((data / name).read_text("utf-8")) for name in ("habits.toml", "year.toml"))  # type: ignore[return-value] # two names give two


@cache
def habits() -> Mapping[Profession, Habits]:
    """Every profession's habits.

    Raises:
        LabError: a section lacks its unit, mark or source, or a value.
    """
    sections, _ = tables()
    _check(sections, {field.name for field in fields(Habits)})
    return {
        profession: Habits(**{name: section["values"][key] for name, section in sections.items()})
        for key, profession in PROFESSIONS.items()
    }


@cache
def year() -> Year:
    """What happens to everybody.

    Raises:
        LabError: a section lacks its unit, mark or source, or its value.
    """
    _, sections = tables()
    _check(sections, {field.name for field in fields(Year)})
    return Year(**{name: section["value"] for name, section in sections.items()})


def _check(sections: Mapping[str, Any], expected: set[str]) -> None:
    if set(sections) != expected:
        msg = f"behaviour tables: sections {sorted(set(sections) ^ expected)} are missing or unknown"
        raise LabError(msg)
    for name, section in sections.items():
        if not section.get("unit") or not section.get("source") or section.get("mark") not in MARKS:
            msg = f"behaviour tables, section {name}: unit, source and a mark of {sorted(MARKS)} are needed"
            raise LabError(msg)
        if "values" in section and set(section["values"]) != set(PROFESSIONS):
            msg = f"behaviour tables, section {name}: one value for each of {', '.join(PROFESSIONS)} is needed"
            raise LabError(msg)
