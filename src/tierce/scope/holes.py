"""Holes of the block numbers and doubts of the clock, over columns: the meaning is `rules.find_holes`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tierce.journal.segments.model import Segment
from tierce.scope.model import Criteria, Gap, GapKind
from tierce.scope.rules import CLOCK_SLACK_US, GAP_SLACK_US
from tierce.scope.sources import Blocks, Ints, Sealed, merged, ordered

KEPT_SEGMENTS = 4
"""Segments whose blocks are kept between the two readings: some thirty megabytes each."""


@dataclass(frozen=True, slots=True)
class HolesOf:
    """Gaps, and blocks in doubt: rows of block, earliest and latest time."""

    gaps: list[Gap]
    doubts: Ints


def find_holes_of(
    sealed: Sealed | None, segments: Sequence[Segment], hot: Blocks, clauses: Sequence[Criteria]
) -> HolesOf:
    """List the numbers never committed and the clocks in doubt that touch a window.

    The blocks are read segment after segment, and twice: a clock that went back is seen from both sides. Those of a
    few segments are kept in between.
    """
    others = merged(sealed.edges(segments), hot) if sealed else hot
    kept = list(ordered(sealed, segments, others)) if len(segments) <= KEPT_SEGMENTS else None
    lows, highs = [], []
    for blocks in kept or ordered(sealed, segments, others):
        lows.append(int(blocks.at_us.min()))
        highs.append(int(blocks.at_us.max()))
    gaps: list[Gap] = []
    doubts: list[Ints] = []
    places: list[Ints] = []
    previous: Blocks | None = None
    seen = 0
    for place, blocks in enumerate(kept or ordered(sealed, segments, others)):
        whole = blocks if previous is None else _append(previous, blocks)
        gaps += _missing(whole, clauses)
        previous = blocks.cut(slice(-1, None))
        latest = np.maximum.accumulate(blocks.at_us)
        earliest = np.minimum.accumulate(blocks.at_us[::-1])[::-1]
        if place:
            latest = np.maximum(latest, max(highs[:place]))
        if place + 1 < len(lows):
            earliest = np.minimum(earliest, min(lows[place + 1 :]))
        wrong = np.maximum(latest - blocks.at_us, blocks.at_us - earliest) > CLOCK_SLACK_US
        if wrong.any():
            wrong &= _meets(clauses, earliest, latest, 0)
        if wrong.any():
            doubts.append(np.stack([blocks.block, earliest, latest], axis=1)[wrong])
            places.append(seen + np.flatnonzero(wrong))
        seen += len(blocks.block)
    if not doubts:
        return HolesOf(gaps, np.empty((0, 3), np.int64))
    found = np.concatenate(doubts)
    return HolesOf([*gaps, *_runs(found, np.concatenate(places))], found)


def _append(before: Blocks, after: Blocks) -> Blocks:
    return Blocks(np.concatenate([before.block, after.block]), np.concatenate([before.at_us, after.at_us]))


def _meets(clauses: Sequence[Criteria], low: Ints, high: Ints, slack: int) -> NDArray[np.bool_]:
    met = np.zeros(len(low), np.bool_)
    for one in clauses:
        met |= (low <= one.until_us + slack) & (high >= one.from_us - slack)
    return met


def _missing(blocks: Blocks, clauses: Sequence[Criteria]) -> Iterator[Gap]:
    at = np.flatnonzero(np.diff(blocks.block) > 1)
    low = np.minimum(blocks.at_us[at], blocks.at_us[at + 1])
    high = np.maximum(blocks.at_us[at], blocks.at_us[at + 1])
    kept = _meets(clauses, low, high, GAP_SLACK_US)
    rows = np.stack([blocks.block[at] + 1, blocks.block[at + 1] - 1, low, high], axis=1)[kept]
    for first, last, begun, ended in rows.tolist():
        yield Gap(GapKind.NEVER_COMMITTED, first, last, 0, begun, ended)


def _runs(doubts: Ints, places: Ints) -> Iterator[Gap]:
    """Blocks in doubt that follow one another, as one gap each."""
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    for some in np.split(doubts, cuts):
        yield Gap(GapKind.CLOCK, int(some[0, 0]), int(some[-1, 0]), 0, int(some[:, 1].min()), int(some[:, 2].max()))
