"""A file of criteria, TOML or JSON: read strictly, each refusal with its clause, its field and a remedy."""

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import (
    DeviceId,
    EstablishmentId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.kernel.language import Phrase
from tierce.policy.acts import Evidence
from tierce.policy.ladder import Level, Rung
from tierce.scope.errors import CriteriaError
from tierce.scope.model import Criteria

NETWORK_HEX = 32
LADDER_LEVELS = {
    "login": Level.LOGIN,
    "device": Level.DEVICE,
    "establishment": Level.ESTABLISHMENT,
    "software": Level.SOFTWARE,
    "vendor": Level.VENDOR,
}
"""The levels whose subject a journal line names."""

Windows = Callable[[Level, int, Rung], Sequence[tuple[datetime, datetime]]]
"""When a subject stood on a rung or above: `store.ladder_windows`."""
Names = Callable[[Sequence[str]], dict[str, ProfessionalId]]
"""The professionals of RPPS numbers: `store.professionals`."""
Staff = Callable[[Sequence[str]], dict[str, StaffId]]
"""The members of staff of names or numbers: `store.staff`."""


class LadderClause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time during which a subject stood on a rung of the ladder, or above it."""

    level: str
    subject: int
    rung: str = "observed"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """One clause of the file: subjects in a window of time. Times carry their offset."""

    from_: datetime
    until: datetime
    rpps: list[str] = []
    professionals: list[int] = []
    devices: list[int] = []
    sessions: list[int] = []
    establishments: list[int] = []
    software: list[int] = []
    vendors: list[int] = []
    networks: list[str] = []
    evidence: str = "none"
    categories: list[str] = []
    ladder: LadderClause | None = None
    staff: list[str] = []


class CriteriaFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    clause: list[Clause]


@dataclass(frozen=True, slots=True)
class Registers:
    """What is looked up for a file of criteria."""

    windows: Windows
    names: Names
    staff: Staff


def read_criteria(path: Path, registers: Registers) -> list[Criteria]:
    """Read the clauses of a file.

    Args:
        path: a `.toml` file, or JSON.
        registers: asked for the windows of ladder moves, the professionals of RPPS numbers, and staff.

    Raises:
        CriteriaError: with the clause (from 1), the field and the remedy; the value is not repeated.
    """
    read = _decode(path)
    if read.version != 1:
        raise _refused("version", "seule la version 1 est connue", "only version 1 is known")
    found: list[Criteria] = []
    for place, clause in enumerate(read.clause, start=1):
        found += _clauses(clause, f"clause {place}", registers)
    if not found:
        raise _refused("clause", "aucune clause : donnez-en une", "there is no clause; give one")
    return found


def _decode(path: Path) -> CriteriaFile:
    try:
        text = path.read_text("utf-8-sig")
        raw: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        return msgspec.convert(raw, CriteriaFile)
    except msgspec.ValidationError as error:
        # The message gives the expected type and the field's path, never the value.
        text, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$.") or "file"
        raise _refused(field, f"champ refusé ({text})", f"refused field ({text})") from None
    except (ValueError, RecursionError) as error:
        raise _refused(_place(error), "ce n’est ni du TOML ni du JSON", "this is neither TOML nor JSON") from None


def _place(error: ValueError | RecursionError) -> str:
    """Where a file stops being read; the file itself where its reader does not say."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}"
    found = re.search(r"\(at (line \d+, column \d+)\)", str(error))
    return found[1] if found and isinstance(error, tomllib.TOMLDecodeError) else "file"


def _refused(field: str, fr: str, en: str) -> CriteriaError:
    return CriteriaError(field, Phrase(fr, en))


def _clauses(clause: Clause, where: str, registers: Registers) -> list[Criteria]:
    if clause.from_.tzinfo is None or clause.until.tzinfo is None:
        raise _refused(f"{where}, from/until", "ajoutez le décalage horaire, +01:00", "add the offset, +01:00")
    known = registers.names(clause.rpps) if clause.rpps else {}
    for place, number in enumerate(clause.rpps, start=1):
        if number not in known:
            raise _refused(f"{where}, rpps {place}", "inconnu de l’annuaire", "the directory does not know it")
    staff = registers.staff(clause.staff) if clause.staff else {}
    for place, name in enumerate(clause.staff, start=1):
        if name not in staff:
            raise _refused(
                f"{where}, staff {place}", "aucune ligne du journal à ce nom", "no journal line of that name"
            )
    base = Criteria(
        professionals=frozenset([*map(ProfessionalId, clause.professionals), *known.values()]),
        devices=frozenset(map(DeviceId, clause.devices)),
        sessions=frozenset(map(SessionId, clause.sessions)),
        establishments=frozenset(map(EstablishmentId, clause.establishments)),
        software=frozenset(map(SoftwareId, clause.software)),
        vendors=frozenset(map(VendorId, clause.vendors)),
        networks=frozenset(_network(one, f"{where}, networks {n}") for n, one in enumerate(clause.networks, 1)),
        evidence=_named(Evidence, clause.evidence, f"{where}, evidence"),
        categories=_categories(clause.categories, where),
        from_us=micros(clause.from_),
        until_us=micros(clause.until),
        staff=frozenset(staff.values()),
    )
    _check_numbers(base, where)
    return [base] if clause.ladder is None else _ladder(base, clause.ladder, where, registers.windows)


def _check_numbers(base: Criteria, where: str) -> None:
    for name, bits in (
        ("professionals", 63),
        ("devices", 63),
        ("sessions", 63),
        ("establishments", 63),
        ("software", 32),
        ("vendors", 32),
    ):
        if any(not 0 < one < 1 << bits for one in getattr(base, name)):
            raise _refused(f"{where}, {name}", "un numéro interne est positif", "an internal number is positive")


def _ladder(base: Criteria, moved: LadderClause, where: str, windows: Windows) -> list[Criteria]:
    """One clause for each stay of the subject on the ladder, cut to the window of the clause."""
    if moved.level not in LADDER_LEVELS:
        known = ", ".join(LADDER_LEVELS)
        raise _refused(f"{where}, ladder.level", f"donnez l’un de {known}", f"give one of {known}")
    rung = _named(Rung, moved.rung, f"{where}, ladder.rung")
    field = {"login": "professionals"}.get(
        moved.level, moved.level if moved.level == "software" else f"{moved.level}s"
    )
    stays = [
        (max(micros(since), base.from_us), min(micros(until), base.until_us))
        for since, until in windows(LADDER_LEVELS[moved.level], moved.subject, rung)
    ]
    found = [_moved(base, field, moved.subject, begun, ended) for begun, ended in stays if begun < ended]
    if not found:
        raise _refused(
            f"{where}, ladder",
            "ce sujet n’y était pas pendant cette période",
            "this subject did not stand there during the window",
        )
    return found


def _moved(base: Criteria, field: str, subject: int, begun: int, ended: int) -> Criteria:
    values = {name: getattr(base, name) for name in Criteria.__slots__}
    return Criteria(
        **{**values, field: values[field] | {subject}, "from_us": begun, "until_us": ended, "ladder": True}
    )


def _network(text: str, field: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) * 2 != NETWORK_HEX:
        raise _refused(field, "donnez 32 chiffres hexadécimaux", "give 32 hexadecimal digits")
    return raw


def _named(kind: Any, text: str, field: str) -> Any:  # noqa: ANN401 - the member's own enum
    found = {one.name.lower(): one for one in kind}.get(text)
    if found is None:
        known = ", ".join(one.name.lower() for one in kind)
        raise _refused(field, f"donnez l’un de {known}", f"give one of {known}")
    return found


def _categories(names: Sequence[str], where: str) -> DataCategory:
    found = DataCategory.NONE
    for place, name in enumerate(names, start=1):
        found |= _named(DataCategory, name, f"{where}, categories {place}")
    return found
