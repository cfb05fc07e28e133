"""Can an outsider tell two kinds of answer apart? A classifier on what the wire shows: time, size, headers, status.

For a pair of kinds, the answers are split at random in two halves; one half teaches, the other is judged, then the
other way round. What is judged never taught, so that chance alone gives 0.50 and not a little more. Three judges:
`time` (later is one kind), `shape` (status, headers, sizes, body), `all` (shape, and time in twenty classes of equal
number, which also sees two spreads with one middle); the last two add the logarithms of the odds that they counted.
"""

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

TIME_CLASSES: Final = 20
DELAYS_US: Final = (0, 20, 50, 100, 500)
"""Delays injected by the control, in microseconds."""

Score = Callable[["Seen"], float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer as the asker sees it: seconds until it came, and everything else as one comparable value."""

    seconds: float
    shape: tuple[object, ...]


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Share of pairs in which a score of `second` is above one of `first`, ties counted half (Mann and Whitney)."""
    ranked = sorted([(score, 0) for score in first] + [(score, 1) for score in second])
    total, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        rank = (place + end + 1) / 2
        total += rank * sum(kind for _, kind in ranked[place:end])
        place = end
    return (total - len(second) * (len(second) + 1) / 2) / (len(first) * len(second))


def _odds(first: Iterable[object], second: Iterable[object]) -> Callable[[object], float]:
    """Learn the logarithm of how much likelier a value is among `second`; one of each is counted beforehand."""
    one, two = Counter(first), Counter(second)
    values = len(one.keys() | two.keys()) + 1
    of_one, of_two = sum(one.values()) + values, sum(two.values()) + values
    return lambda value: math.log((two[value] + 1) / of_two) - math.log((one[value] + 1) / of_one)


def _by_time(first: Sequence[Seen], second: Sequence[Seen]) -> Score:
    later = auc([seen.seconds for seen in first], [seen.seconds for seen in second]) >= 0.5
    return (lambda seen: seen.seconds) if later else (lambda seen: -seen.seconds)


def _by_shape(first: Sequence[Seen], second: Sequence[Seen]) -> Score:
    odds = _odds((seen.shape for seen in first), (seen.shape for seen in second))
    return lambda seen: odds(seen.shape)


def _by_all(first: Sequence[Seen], second: Sequence[Seen]) -> Score:
    times = sorted(seen.seconds for seen in (*first, *second))
    edges = [times[len(times) * step // TIME_CLASSES] for step in range(1, TIME_CLASSES)]

    def time_class(seen: Seen) -> int:
        return bisect_right(edges, seen.seconds)

    shape = _by_shape(first, second)
    time = _odds(map(time_class, first), map(time_class, second))
    return lambda seen: shape(seen) + time(time_class(seen))


JUDGES: Final[Mapping[str, Callable[[Sequence[Seen], Sequence[Seen]], Score]]] = {
    "time": _by_time,
    "shape": _by_shape,
    "all": _by_all,
}


def held_out(first: Sequence[Seen], second: Sequence[Seen], seed: int) -> dict[str, float]:
    """Judge one pair of kinds; the mean of both directions, by judge."""
    drawn = random.Random(seed)
    halves = []
    for kind in (first, second):
        shuffled = drawn.sample(list(kind), len(kind))
        halves.append((shuffled[: len(kind) // 2], shuffled[len(kind) // 2 :]))
    found = {}
    for name, learn in JUDGES.items():
        turns = []
        for taught, judged in ((0, 1), (1, 0)):
            score = learn(halves[0][taught], halves[1][taught])
            turns.append(auc(*([score(seen) for seen in halves[kind][judged]] for kind in (0, 1))))
        found[name] = round(sum(turns) / 2, 4)
    return found


def every_pair(kinds: Mapping[str, Sequence[Seen]], seed: int) -> dict[str, dict[str, float]]:
    """Judge every pair of kinds."""
    return {f"{one} / {two}": held_out(kinds[one], kinds[two], seed) for one, two in combinations(kinds, 2)}


def worst(pairs: Mapping[str, Mapping[str, float]]) -> float:
    """The best that any judge does on any pair."""
    return max(value for judged in pairs.values() for value in judged.values())


def control(answers: Sequence[Seen], seed: int) -> dict[str, float]:
    """What the judges would have said of a delay: the same answers in two halves, one of them later by some µs."""
    shuffled = random.Random(seed).sample(list(answers), len(answers))
    half = len(shuffled) // 2
    return {
        f"{delay} µs": max(
            held_out(
                shuffled[:half], [replace(seen, seconds=seen.seconds + delay / 1e6) for seen in shuffled[half:]], seed
            ).values()
        )
        for delay in DELAYS_US
    }
