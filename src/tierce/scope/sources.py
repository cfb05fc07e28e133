"""What a scope reads: sealed segments, the rows that are still hot, and the blocks of both in one order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tierce.journal.segments.columns import as_columns, read_bodies
from tierce.journal.segments.model import Segment
from tierce.scope.model import Beat, Criteria, Gap

Ints = NDArray[np.int64]

MARGIN_US = 3_600 * 1_000_000
"""Segments within an hour of a window are read: a clock that was corrected by less hides nothing."""
_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Blocks:
    """Numbers of blocks, ascending, and the time of each."""

    block: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    at_us: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def cut(self, places: slice) -> "Blocks":
        """Some of them."""
        return Blocks(self.block[places], self.at_us[places])


@dataclass(frozen=True, slots=True)
class Sealed:
    """The segments in force, and where they are."""

    folder: Path
    segments: Sequence[Segment]

    def around(self, clauses: Sequence[Criteria], margin_us: int = MARGIN_US) -> list[Segment]:
        """The segments that a window touches; past a clock that went back, those in between as well."""
        every = sorted(self.segments, key=lambda one: one.first)
        latest: list[int] = []
        earliest: list[int] = []
        for one in every:
            latest.append(max(one.until_us, latest[-1] if latest else 0))
        for one in reversed(every):
            earliest.append(min(one.from_us, earliest[-1] if earliest else _MAX))
        return [
            one
            for one, high, low in zip(every, latest, reversed(earliest), strict=True)
            if any(low < clause.until_us + margin_us and high >= clause.from_us - margin_us for clause in clauses)
        ]

    def edges(self, segments: Sequence[Segment]) -> Blocks:
        """The last block before the segments given and the first after: a number missing at an edge is beside them.

        A segment apart from the windows gives one block alone, at the nearest of its times; one whose numbers reach
        into a stretch that is read gives them all.
        """
        found = [Blocks()]
        for one in self.segments:
            if one in segments:
                continue
            if any(one.first_block < read.last_block and one.last_block > read.first_block for read in segments):
                found.append(self.blocks(one))
            elif any(one.end == read.first for read in segments):
                found.append(Blocks(np.array([one.last_block]), np.array([one.until_us])))
            elif any(one.first == read.end for read in segments):
                found.append(Blocks(np.array([one.first_block]), np.array([one.from_us])))
        return merged(*found)

    def blocks(self, segment: Segment) -> Blocks:
        """The blocks of a segment, in their order."""
        path = segment.blocks_path(self.folder)
        read = pq.read_table(path, columns=["block", "at_us"], use_threads=False, memory_map=True)
        return Blocks(read["block"].to_numpy(), read["at_us"].to_numpy())


@dataclass(frozen=True, slots=True)
class Hot:
    """The rows that are not sealed: columns (`hot_rows`), blocks, signs of life, what is wrong with them."""

    rows: Iterable[pa.Table] = ()
    beats: Sequence[Beat] = ()
    blocks: Blocks = field(default_factory=Blocks)
    gaps: Sequence[Gap] = ()


def hot_rows(bodies: Sequence[bytes], seqs: Sequence[int]) -> pa.Table:
    """Give readable entries as columns, with `time_us` beside those of a segment."""
    read = read_bodies(list(bodies))
    numbers = np.array(seqs, np.int64)
    times = read["time_us"].astype(np.uint64).view(np.int64)
    rows = as_columns(read, numbers >> 8, (numbers & 0xFF).astype(np.uint8), times)
    return rows.append_column("time_us", pa.array(times))


def ordered(sealed: Sealed | None, segments: Sequence[Segment], others: Blocks) -> Iterator[Blocks]:
    """The blocks of segments and of others, ascending, a segment's worth at a time at most.

    Neighbours in the tree may hold numbers of each other's stretch: what belongs further on waits.
    """
    waiting = others
    left = sorted(segments, key=lambda one: one.first_block)
    for place, segment in enumerate(left):
        assert sealed is not None
        until = left[place + 1].first_block if place + 1 < len(left) else _MAX
        beyond = []
        for known in _in_pieces(waiting, sealed.blocks(segment)):
            cut = int(np.searchsorted(known.block, until))
            if cut:
                yield known.cut(slice(0, cut))
            if cut < len(known.block):
                beyond.append(known.cut(slice(cut, None)))
        waiting = merged(Blocks(), *beyond)
    if not left and len(waiting.block):
        yield waiting


def _in_pieces(few: Blocks, many: Blocks) -> list[Blocks]:
    """Two sources in one order, each piece as it stands where they do not reach into each other."""
    low, high = (int(np.searchsorted(few.block, one)) for one in (many.block[0], many.block[-1]))
    if low != high:
        return [merged(few, many)]
    pieces = [few.cut(slice(0, low)), many, few.cut(slice(high, None))]
    return [one for one in pieces if len(one.block)]


def merged(*some: Blocks) -> Blocks:
    """Blocks of several sources in one order."""
    block = np.concatenate([one.block for one in some])
    at = np.concatenate([one.at_us for one in some])
    if len(block) and (np.diff(block) < 0).any():
        order = np.argsort(block, kind="stable")
        block, at = block[order], at[order]
    return Blocks(block, at)
