"""Holes of the block numbers and doubts of the clock, over columns: the meaning is `rules.find_holes`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tierce.journal.segments.model import Segment
from tierce.scope.model import Criteria, Gap, GapKind
from tierce.scope.rules import CLOCK_SLACK_US, GAP_SLACK_US, hole
from tierce.scope.sources import Blocks, Ints, Sealed, merged, ordered

_MAX = (1 << 63) - 1
SLICE_ROWS = 1 << 15
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
    bounds = [
        (int(blocks.at_us.min()), int(blocks.at_us.max())) for blocks in kept or ordered(sealed, segments, others)
    ]
    gaps: list[Gap] = []
    doubts: list[Ints] = []
    places: list[Ints] = []
    previous: Blocks | None = None
    seen = 0
    for place, blocks in enumerate(kept or ordered(sealed, segments, others)):
        if previous is not None:
            gaps += _missing(_append(previous, blocks.cut(slice(0, 1))), clauses)
        previous = blocks.cut(slice(-1, None))
        before = max((high for _, high in bounds[:place]), default=-_MAX)
        after = min((low for low, _ in bounds[place + 1 :]), default=_MAX)
        for start, some, latest, earliest in _slices(blocks, before, after, clauses):
            gaps += _missing(some, clauses)
            rows = _doubtful(some.cut(slice(0, SLICE_ROWS)), latest, earliest, clauses)
            doubts.append(rows.rows)
            places.append(seen + start + rows.places)
        seen += len(blocks.block)
    found = np.concatenate([np.empty((0, 3), np.int64), *doubts])
    if not len(found):
        return HolesOf(gaps, found)
    return HolesOf([*gaps, *_runs(found, np.concatenate(places))], found)


def _slices(
    blocks: Blocks, before: int, after: int, clauses: Sequence[Criteria]
) -> Iterator[tuple[int, Blocks, int, int]]:
    """The slices of some blocks in which something may touch a window, each with the first block of the next.

    Gives where a slice begins, its blocks, the latest time before it and the earliest after it. A slice is small
    enough for the processor's memory, and most are told from their bounds alone.
    """
    starts = np.arange(0, len(blocks.at_us), SLICE_ROWS)
    lows, highs = (np.minimum.reduceat(blocks.at_us, starts), np.maximum.reduceat(blocks.at_us, starts))
    latest = np.maximum.accumulate(np.append(before, highs))
    earliest = np.minimum.accumulate(np.append(lows, after)[::-1])[::-1]
    met = _meets(clauses, earliest[:-1], latest[1:], GAP_SLACK_US)
    met[:-1] |= _meets(clauses, lows[1:], highs[1:], GAP_SLACK_US)  # the gap between a slice and the next
    for place in np.flatnonzero(met).tolist():
        start = place * SLICE_ROWS
        yield start, blocks.cut(slice(start, start + SLICE_ROWS + 1)), int(latest[place]), int(earliest[place + 1])


@dataclass(frozen=True, slots=True)
class _Doubtful:
    rows: Ints
    places: Ints


def _doubtful(blocks: Blocks, before: int, after: int, clauses: Sequence[Criteria]) -> _Doubtful:
    """The blocks whose clock is behind one before them, or ahead of one after them, by more than the slack."""
    latest = np.maximum.accumulate(blocks.at_us)
    np.maximum(latest, before, out=latest)
    earliest = np.minimum.accumulate(blocks.at_us[::-1])[::-1]
    np.minimum(earliest, after, out=earliest)
    wrong = np.maximum(latest - blocks.at_us, blocks.at_us - earliest) > CLOCK_SLACK_US
    if wrong.any():
        wrong &= _meets(clauses, earliest, latest, 0)
    return _Doubtful(np.stack([blocks.block, earliest, latest], axis=1)[wrong], np.flatnonzero(wrong))


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
        yield hole(first, last, begun, ended)


def _runs(doubts: Ints, places: Ints) -> Iterator[Gap]:
    """Blocks in doubt that follow one another, as one gap each."""
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    for some in np.split(doubts, cuts):
        yield Gap(GapKind.CLOCK, int(some[0, 0]), int(some[-1, 0]), 0, int(some[:, 1].min()), int(some[:, 2].max()))
