"""Scenarios: what is stolen, for how long, and who plays the thief; TOML files with a comment for each number."""

import importlib.util
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from tierce.kernel.care import Profession
from tierce.kernel.language import Phrase
from tierce.lab.attackers import adversary, known, protocol
from tierce.lab.behaviour.model import PROFESSIONS
from tierce.lab.errors import LabError

__all__ = ["Scenario", "StolenDevice", "load_attackers", "load_scenario", "names"]

ATTACKERS: Final = protocol.ATTACKERS
"""Filled by the modules imported here."""
_MODULES: Final = (known, adversary)
_KEYS: Final = frozenset(
    {
        "title",
        "attacker",
        "days",
        "device",
        "session_days",
        "signed",
        "declared",
        "stolen",
        "options",
        "honest",
        "together",
        "one_place",
    }
)
CONTROL: Final = {"gp": 20, "pharmacy": 10, "dentist": 20, "nurse": 20, "physio": 20, "optician": 14, "hospital": 7}
"""Honest login-devices beside a theft, a seed, over a year: who is hindered by the same rules."""
DAYS_MAX: Final = 730


class StolenDevice(StrEnum):
    """On which device the thief asks."""

    OWN = "own"
    NEW = "new"
    DORMANT = "dormant"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, checked."""

    name: str
    title: Phrase
    attacker: str
    """Empty when nobody is robbed."""
    days: int
    device: StolenDevice
    session_days: int
    """Days after which the thief has lost his access."""
    signed: bool
    declared: bool
    stolen: Mapping[Profession, int]
    options: Mapping[str, float]
    honest: Mapping[Profession, int]
    together: Mapping[Profession, int] = field(default_factory=dict)
    """Honest neighbours who draw on the same common lines as the stolen identities: one vendor, one cell. Where there
    are any, all live day by day together; else nobody shares a line."""
    one_place: bool = False
    """Whether all of a profession, neighbours included, work at one establishment, whose line they share too."""

    @property
    def identities(self) -> int:
        """Identities stolen, a seed."""
        return sum(self.stolen.values())


def names() -> list[str]:
    """The scenarios that come with the laboratory."""
    folder = files("tierce.lab.attackers") / "scenarios"
    return sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))


def load_scenario(name: str) -> Scenario:
    """Read a scenario by name, or from a file of one's own whose path ends in .toml.

    Raises:
        LabError: there is none, or a field cannot be used.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            msg = f"{name}: no such file"
            raise LabError(msg)
        text = path.read_text("utf-8")
    elif name in names():
        text = (files("tierce.lab.attackers") / "scenarios" / f"{name}.toml").read_text("utf-8")
    else:
        msg = f"no scenario is called {name}; there are: {', '.join(names())}"
        raise LabError(msg)
    try:
        return _checked(Path(name).stem, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML ({error})"
        raise LabError(msg) from None


def load_attackers(path: Path) -> None:
    """Run a Python file of one's own, whose attackers then can be named by a scenario.

    Raises:
        LabError: the file is not there or cannot be run.
    """
    spec = importlib.util.spec_from_file_location(f"attackers_of_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"{path}: not a Python file"
        raise LabError(msg)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _checked(name: str, told: Mapping[str, Any]) -> Scenario:
    unknown = sorted(set(told) - _KEYS)
    if unknown:
        msg = f"scenario {name}: {', '.join(unknown)}: no such field; there are {', '.join(sorted(_KEYS))}"
        raise LabError(msg)
    title = told.get("title", [name, name])
    attacker = told.get("attacker", "")
    if attacker and attacker not in ATTACKERS:
        msg = f"scenario {name}, field attacker: there is no {attacker}; there are {', '.join(sorted(ATTACKERS))}"
        raise LabError(msg)
    days = told.get("days", 30)
    if not isinstance(days, int) or not 1 <= days <= DAYS_MAX:
        msg = f"scenario {name}, field days: a whole number from 1 to {DAYS_MAX} is needed"
        raise LabError(msg)
    if told.get("device", "own") not in set(StolenDevice):
        msg = f"scenario {name}, field device: one of {', '.join(StolenDevice)} is needed"
        raise LabError(msg)
    return Scenario(
        name, Phrase(*title), attacker, days, StolenDevice(told.get("device", "own")),
        told.get("session_days", days), told.get("signed", True), told.get("declared", False),
        _counts(name, "stolen", told.get("stolen", {})), told.get("options", {}),
        _counts(name, "honest", told.get("honest", CONTROL)),
        _counts(name, "together", told.get("together", {})), told.get("one_place", False),
    )  # fmt: skip


def _counts(name: str, section: str, told: Mapping[str, Any]) -> Mapping[Profession, int]:
    for key, count in told.items():
        if key not in PROFESSIONS or not isinstance(count, int) or count < 0:
            msg = f"scenario {name}, [{section}] {key}: a whole number for one of {', '.join(PROFESSIONS)} is needed"
            raise LabError(msg)
    return {PROFESSIONS[key]: count for key, count in told.items() if count}
