"""Shares and delays from counts: pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from tierce.incidents.inspection.model import Exposed, Share, Told
from tierce.kernel.ids import InsurerId

HALF, MOST = Fraction(1, 2), Fraction(95, 100)
MINUTES_PER_HOUR = 60


def share(exposed: int, told: Mapping[int, int]) -> Share:
    """What a group comes to; more told than exposed (an earlier list was longer) counts as all.

    Args:
        exposed: pairs.
        told: pairs first told, by minute after awareness.
    """
    return Share(
        exposed, min(exposed, sum(told.values())), reached(exposed, told, HALF), reached(exposed, told, MOST)
    )


def reached(exposed: int, told: Mapping[int, int], part: Fraction) -> Fraction | None:
    """The hours after awareness by which this part of all exposed was told; None while fewer are."""
    wanted, so_far = part * exposed, 0
    if exposed <= 0:
        return None
    for minute in sorted(told):
        so_far += told[minute]
        if so_far >= wanted:
            return Fraction(max(minute, 0), MINUTES_PER_HOUR)
    return None


def whole(exposed: Iterable[Exposed], told: Iterable[Told]) -> Share:
    """Everybody together."""
    return share(sum(one.pairs for one in exposed), _minutes(told))


def by_cohort(exposed: Iterable[Exposed], told: Iterable[Told]) -> dict[str, Share]:
    """Each cohort; what an insurer reports without saying of which cohort counts for its only one, or for none."""
    groups: dict[str, int] = defaultdict(int)
    cohorts_of: dict[InsurerId, set[str]] = defaultdict(set)
    for one in exposed:
        groups[one.cohort] += one.pairs
        if one.pairs:
            cohorts_of[one.insurer].add(one.cohort)
    minutes: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        only = cohorts_of[each.insurer]
        cohort = each.cohort or (next(iter(only)) if len(only) == 1 else "")
        minutes[cohort].append(each)
    return {cohort: share(pairs, _minutes(minutes[cohort])) for cohort, pairs in sorted(groups.items())}


def by_insurer(exposed: Iterable[Exposed], told: Iterable[Told]) -> dict[InsurerId, Share]:
    """Each controller."""
    groups: dict[InsurerId, int] = defaultdict(int)
    for one in exposed:
        groups[one.insurer] += one.pairs
    minutes: dict[InsurerId, list[Told]] = defaultdict(list)
    for each in told:
        minutes[each.insurer].append(each)
    return {insurer: share(pairs, _minutes(minutes[insurer])) for insurer, pairs in sorted(groups.items())}


def of_earlier_lists(
    exposed: Iterable[Exposed], reported: Iterable[Told], later: Mapping[InsurerId, int]
) -> list[Told]:
    """What insurers reported, the earliest first, as far as their own list went: `later` pairs came after it.

    People told of an earlier list are no share of those who were added since.
    """
    left: dict[InsurerId, int] = defaultdict(int)
    for one in exposed:
        left[one.insurer] += one.pairs
    for insurer, pairs in later.items():
        left[insurer] = max(left[insurer] - pairs, 0)
    found = []
    for told in sorted(reported, key=lambda one: one.minute):
        pairs = min(told.pairs, left[told.insurer])
        left[told.insurer] -= pairs
        if pairs:
            found.append(replace(told, pairs=pairs))
    return found


def once(sent: Sequence[Told], reported: Sequence[Told]) -> list[Told]:
    """What the operator's messages told and what insurers report, each insurer's people by one of both: the larger.

    Where the mandate changed between two audiences both wrote, and an insurer's counts do not say to whom: added up,
    one person would count for two, and somebody whom nothing reached as told.
    """
    ours, theirs = (_by_insurer(some) for some in (sent, reported))
    return [
        *(one for one in sent if ours[one.insurer] >= theirs[one.insurer]),
        *(one for one in reported if theirs[one.insurer] > ours[one.insurer]),
    ]


def _by_insurer(told: Iterable[Told]) -> dict[InsurerId, int]:
    found: dict[InsurerId, int] = defaultdict(int)
    for one in told:
        found[one.insurer] += one.pairs
    return found


def _minutes(told: Iterable[Told]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for one in told:
        found[one.minute] += one.pairs
    return found
