"""The figures of a run, from what each stolen identity gave and what honest desks met."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import msgspec

from tierce.lab.arena.crowd import Hindered
from tierce.lab.arena.theft import Loot
from tierce.lab.behaviour.model import PROFESSIONS
from tierce.lab.errors import BoundExceededError
from tierce.policy.evidence import ALPHA


class Figures(msgspec.Struct, frozen=True):
    """What `tierce lab run --json -` prints; docs/reference/lab.md says what each means."""

    people_learned_total: int
    """People learned in the seed in which most were; the five sums below are of that same seed."""
    people_learned_per_identity_median: float
    people_learned_per_identity_p95: float
    people_learned_per_identity_max: int
    learned_first: int
    learned_known_pair: int
    learned_present: int
    negatives: int
    bound_total: int
    queries_to_hold_median: float | None
    """Asks until the device was held; an identity never held counts as infinitely many, and null is infinity."""
    false_holds: int
    account_years: float
    alpha: float
    step_ups_per_1000: dict[str, float]


@dataclass(slots=True)
class Run:
    """One scenario over its seeds."""

    loots: list[list[Loot]]
    """By seed, one for each stolen identity."""
    hindered: dict[str, Hindered] = field(default_factory=dict)
    """Honest desks of all seeds, by profession."""
    neighbours: dict[str, Hindered] = field(default_factory=dict)
    """Those of them who share lines with stolen identities, during the theft."""
    bounds: list[int | None] = field(default_factory=list)
    """By seed, the bound of all stolen identities together; None where they share no line, and bounds add up."""

    @property
    def every(self) -> list[Loot]:
        """Every stolen identity of every seed."""
        return [loot for seed in self.loots for loot in seed]


def figures_of(run: Run) -> Figures:
    """Work the figures out, and hold every identity and every seed to its bound.

    Raises:
        BoundExceededError: somebody learned more than the theorem allows.
    """
    for number, seed in enumerate(run.loots, start=1):
        for loot in seed:
            if loot.people > loot.bound:
                msg = f"seed {number}, {loot.profession}: {loot.people} people learned, the bound is {loot.bound}"
                raise BoundExceededError(msg)
            if loot.negatives > loot.negatives_bound:
                most = loot.negatives_bound
                msg = f"seed {number}, {loot.profession}: {loot.negatives} negatives learned, the bound is {most}"
                raise BoundExceededError(msg)
    for number, (seed, together) in enumerate(zip(run.loots, run.bounds, strict=False), start=1):
        people_of_all = sum(loot.people for loot in seed)
        if together is not None and people_of_all > together:
            msg = f"seed {number}: {people_of_all} people learned in all, the bound is {together}"
            raise BoundExceededError(msg)
    worst = max(run.loots, key=lambda seed: sum(loot.people for loot in seed), default=[])
    people = sorted(loot.people for loot in run.every)
    years = sum(each.days for each in run.hindered.values()) / 365.25
    return Figures(
        people_learned_total=sum(loot.people for loot in worst),
        people_learned_per_identity_median=float(median(people)) if people else 0.0,
        people_learned_per_identity_p95=percentile(people, 95),
        people_learned_per_identity_max=people[-1] if people else 0,
        learned_first=sum(loot.first for loot in worst),
        learned_known_pair=sum(loot.known for loot in worst),
        learned_present=sum(loot.present for loot in worst),
        negatives=sum(loot.negatives for loot in worst),
        bound_total=_bound_of(run, worst),
        queries_to_hold_median=held_after(run.every),
        false_holds=sum(each.false_holds for each in run.hindered.values()),
        account_years=round(years, 1),
        alpha=ALPHA,
        step_ups_per_1000={
            name: round(run.hindered[name].per_1000, 2) if name in run.hindered else 0.0 for name in PROFESSIONS
        },
    )


def _bound_of(run: Run, worst: list[Loot]) -> int:
    """The bound of that seed: of all its identities together where they share lines, else the sum of theirs."""
    apart = sum(loot.bound for loot in worst)
    bounds = [each for seed, each in zip(run.loots, run.bounds, strict=False) if seed is worst and each is not None]
    return min([apart, *bounds])


def held_after(loots: Sequence[Loot]) -> float | None:
    """The median number of asks until a hold; None when fewer than half were held."""
    asks = sorted(float(loot.hold_ask) if loot.hold_day >= 0 else math.inf for loot in loots)
    middle = median(asks) if asks else math.inf
    return middle if math.isfinite(middle) else None


def percentile(ordered: Sequence[int], per_cent: int) -> float:
    """The nearest-rank percentile of an ordered list; 0 of nothing."""
    return float(ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]) if ordered else 0.0
