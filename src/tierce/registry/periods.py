"""How a new statement of an insurer meets what it told before of the same person. Pure.

One rule: the newest statement wins on its days. It ends, the day before it begins, an earlier-told period that it
overlaps, and takes the place of one that begins within it. Two statements of one file may not overlap, and an older
statement never speaks over a newer one. A period that lies ahead leaves the present one alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tierce.policy.feeds import SHRINK_AHEAD_DAYS
from tierce.registry.rules import refuse


class Fate(Enum):
    """What becomes of a line."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
    """A state of a later day is known already."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period of cover as last told: its days, the day it was true for, the file, the digest, the domains."""

    since: int
    until: int
    effective: int
    told: int
    digest: bytes
    domains: int


@dataclass(frozen=True, slots=True)
class Placed:
    """What a line does: its fate, the periods that end the day before it begins, and those it replaces."""

    fate: Fate
    cut: tuple[Period, ...] = ()
    removed: tuple[Period, ...] = ()


def place(known: Sequence[Period], line: Period) -> Placed:
    """Place a line among the periods that this insurer told of this person.

    Raises:
        FieldError: another line of the same file speaks of the same days.
    """
    touched = [one for one in known if one.since <= line.until and one.until >= line.since]
    same = next((one for one in touched if one.since == line.since), None)
    for one in touched:
        if one.told == line.told and not (one is same and one.digest == line.digest):
            _refuse_twice(one is same)
    if any(one.effective > line.effective for one in touched):
        return Placed(Fate.OUTDATED)
    if same is not None and same.digest == line.digest and len(touched) == 1:
        return Placed(Fate.UNCHANGED)
    cut = tuple(one for one in touched if one.since < line.since)
    removed = tuple(one for one in touched if one.since > line.since)
    return Placed(Fate.TAKEN, cut, removed)


def ends_a_right(known: Sequence[Period], line: Period, *, ended: bool, today: int) -> bool:
    """Tell whether a line takes away, soon, cover that runs on its effective day, or today when that day lies ahead.

    A line that says `ended` does whenever it shortens it; one that says anything else, when what is left ends within
    SHRINK_AHEAD_DAYS: a file whose every cover ends tomorrow takes as much away as one that says so. So does a line
    that leaves a domain out. Today counts too, or a file of next year would take away what nobody weighs.
    """
    days = {line.effective, min(line.effective, today)}
    return any(_takes_from(one, line, day, ended=ended) for one in known for day in days)


def _takes_from(one: Period, line: Period, day: int, *, ended: bool) -> bool:
    if not one.since <= day <= one.until or one.effective > line.effective:
        return False
    soon = day + SHRINK_AHEAD_DAYS
    shortened = one.since <= line.until < one.until and (ended or line.until <= soon)
    narrowed = day <= line.until and line.since <= min(soon, one.until) and one.domains & ~line.domains != 0
    return shortened or narrowed


def after(known: Sequence[Period], line: Period, placed: Placed) -> list[Period]:
    """Return the periods as they are once a line is in."""
    if placed.fate is Fate.OUTDATED:
        return list(known)
    kept = [one for one in known if one.since != line.since and one not in placed.cut + placed.removed]
    cut = [Period(one.since, line.since - 1, one.effective, 0, b"", one.domains) for one in placed.cut]
    return [*kept, *cut, line]


def _refuse_twice(is_same: bool) -> None:
    if is_same:
        refuse("birth_rank", "une autre ligne du fichier porte les mêmes identifiants.",
               "another line of the file has the same identifiers.",
               "Une seule ligne par personne et période ; pour des jumeaux, donnez le rang.",
               "One line a person and period; for twins, give the rank.")  # fmt: skip
    refuse("covered_from", "une autre ligne du fichier dit autre chose des mêmes jours.",
           "another line of the file says something else of the same days.",
           "Les périodes d’une personne ne se chevauchent pas : corrigez les dates.",
           "The periods of one person do not overlap: correct the dates.")  # fmt: skip
