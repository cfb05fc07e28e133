"""The league table: one attack against published limits, two limits fitted to hinder as much as ours, and ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import msgspec
import numpy as np

from tierce.kernel.care import Profession
from tierce.kernel.language import Phrase
from tierce.lab.arena.parts import Parts
from tierce.lab.attackers.scenario import Scenario
from tierce.lab.behaviour.days import Ints, draw_crowd, draw_days
from tierce.lab.behaviour.model import NAMES, habits, year
from tierce.lab.league.limits import PUBLISHED, Robbed, drained
from tierce.lab.runs.figures import Run, figures_of
from tierce.lab.runs.runner import YEAR_BEGINS, Options, play

OURS: Final[Mapping[str, tuple[Phrase, Parts]]] = {
    "ours": (Phrase("Tierce", "Tierce"), Parts()),
    "no_evidence": (Phrase("Tierce sans les tests", "Tierce without the tests"), Parts(evidence=False)),
    "no_day_cap": (Phrase("Tierce sans plafond du jour", "Tierce without the day's cap"), Parts(day_cap=False)),
    "no_thirty_days": (
        Phrase("Tierce sans limite de trente jours", "Tierce without the thirty-day limit"), Parts(thirty_days=False),
    ),
    "no_seats": (Phrase("les tests seuls, sans places", "tests alone, no places"), Parts(seats=False)),
    "no_probation": (Phrase("Tierce sans période d’essai", "Tierce without probation"), Parts(probation=False)),
    "no_known": (Phrase("Tierce sans limite de connus", "Tierce without the limit of known"), Parts(known=False)),
    "no_declared": (
        Phrase("Tierce sans ligne des lectures déclarées", "Tierce without a line of declared readings"),
        Parts(declared=False),
    ),
    "twins": (Phrase("Tierce et les jumeaux leurres", "Tierce with twins as decoys"), Parts(twins=True)),
}  # fmt: skip
FITTED_DESKS: Final = 300
"""Honest login-devices of each profession on which a fitted limit is fitted, over a year."""


class Row(msgspec.Struct, frozen=True):
    """One rule in the table."""

    rule: str
    name_fr: str
    name_en: str
    people_per_identity: float
    """Median over stolen identities; over professions for a limit that is arithmetic."""
    people_total: float
    """People learned of all identities, the mean over seeds."""
    step_ups_per_1000: float | None
    """Honest asks refused or stepped up, over the professions robbed; None where nobody honest comes near."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A limit on a day's asks, or on a day's people, by profession, that hinders as often as ours."""

    limits: Mapping[Profession, int]
    hinders: float


def league(scenario: Scenario, options: Options, progress: Callable[[int, int], None]) -> list[Row]:
    """Play `scenario` against every rule; `progress` hears of rules done and rules in all."""
    rows, ours_hinder = [], 0.0
    robbed = Robbed(scenario.identities, scenario.options.get("hit", 1.0))
    scenario = replace(scenario, honest={who: max(6, n) for who, n in _honest(scenario).items()})
    for number, (rule, (name, parts)) in enumerate(OURS.items()):
        run = play(scenario, replace(options, parts=parts), lambda _done, _total: None)
        rows.append(_row_of(rule, name, run))
        ours_hinder = rows[0].step_ups_per_1000 or 0.0
        progress(number + 1, len(OURS))
    worked_out = [
        Row(
            f"published_{number}", limit.name.fr, limit.name.en,
            drained(limit, replace(robbed, identities=1), scenario.days)[-1],
            drained(limit, robbed, scenario.days)[-1], None,
        )
        for number, limit in enumerate(PUBLISHED)
    ]  # fmt: skip
    return [*worked_out, *_fitted_rows(scenario, robbed.hit, ours_hinder, options.first_seed), *rows]


def _honest(scenario: Scenario) -> Mapping[Profession, int]:
    return {who: count for who, count in scenario.honest.items() if who in scenario.stolen}


def _row_of(rule: str, name: Phrase, run: Run) -> Row:
    if rule in ("ours", "twins"):
        figures_of(run)  # whole, the rule is held to its bound here too
    totals = [sum(loot.people for loot in seed) for seed in run.loots]
    asks, step_ups = (sum(getattr(each, key) for each in run.hindered.values()) for key in ("asks", "step_ups"))
    people = median(loot.people for loot in run.every)
    hindered = round(1000 * step_ups / max(1, asks), 2)
    return Row(rule, name.fr, name.en, people, round(sum(totals) / len(totals), 1), hindered)


def _fitted_rows(scenario: Scenario, hit: float, per_1000: float, seed: int) -> list[Row]:
    """Two rules that others use, each fitted to hinder honest asks as often as ours does."""
    told = (
        ("fitted_asks", Phrase("limite fixe de questions par jour (p99)", "fixed p99 limit of asks a day"), False),
        (
            "fitted_people",
            Phrase("compteur de nouvelles personnes qui oublie chaque jour", "distinct counter that forgets daily"),
            True,
        ),
    )
    rows = []
    for rule, name, new_only in told:
        fitted = fit(list(scenario.stolen), per_1000, seed, new_only=new_only)
        each = [fitted.limits[who] * hit * scenario.days for who, n in scenario.stolen.items() for _ in range(n)]
        rows.append(
            Row(rule, name.fr, name.en, round(median(each), 1), round(sum(each), 1), round(fitted.hinders, 2))
        )
    return rows


def fit(professions: list[Profession], per_1000: float, seed: int, *, new_only: bool) -> Fitted:
    """The smallest daily limit of each profession that refuses at most `per_1000` of a thousand honest asks."""
    limits, asked, refused = {}, 0, 0
    for profession in professions:
        rng = np.random.default_rng([seed, len(NAMES[profession])])
        mine = habits()[profession]
        crowd = draw_crowd(mine, year(), FITTED_DESKS, rng)
        drawn = draw_days(mine, year(), crowd, YEAR_BEGINS, 365, rng=rng, cells=seed)
        new = drawn.first + drawn.miss + drawn.first_card + drawn.miss_card
        counted = new if new_only else drawn.total
        allowed = per_1000 / 1000 * int(drawn.total.sum())
        limits[profession] = _smallest(counted, allowed)
        asked += int(drawn.total.sum())
        refused += int(np.maximum(0, counted - limits[profession]).sum())
    return Fitted(limits, 1000 * refused / max(1, asked))


def _smallest(counted: Ints, allowed: float) -> int:
    low, high = 0, int(counted.max())
    while low < high:
        middle = (low + high) // 2
        if np.maximum(0, counted - middle).sum() <= allowed:
            high = middle
        else:
            low = middle + 1
    return low
