"""A sealed segment: its three files, its blocks, and its row in the manifest; its columns are in columns.py.

docs/reference/journal-segment-v1.md is the normative text, and a test holds the two together. A segment holds a
stretch of leaves whole; an entry's 128 bytes are rebuilt from its columns, so that nothing is kept twice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

FORMAT: Final = "tierce-journal-segment-v1"
ENTRIES_MAX: Final = 1 << 24
"""Leaves of one segment at most: a row's place in its file fits the 24 bits of the index."""
ROW_GROUP_ROWS: Final = 131_072
"""Rows of a group: what a scan takes or leaves whole."""
PAGE_ROWS: Final = 4_096
"""Rows of a page: what reading one row alone costs."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks in the order of their leaves, without a hole: their numbers, and how many entries each has."""

    first: int
    blocks: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def end(self) -> int:
        """One past the last leaf."""
        return self.first + int(self.sizes.sum())

    def starts(self) -> NDArray[np.int64]:
        """The first leaf of each block."""
        starts: NDArray[np.int64] = self.first + np.cumsum(self.sizes) - self.sizes
        return starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One row of the manifest.

    Attributes:
        first: the first leaf, from 0.
        end: one past the last leaf.
        revision: 0 as sealed; a redaction writes the next one.
        blocks: how many blocks it holds.
        first_block: the smallest block number in it.
        last_block: the largest.
        from_us: the earliest time of an entry, in microseconds since 1970.
        until_us: the latest.
        redacted: rows that lost their person and salt.
        leaves: SHA-256 of its leaf hashes, one after another in the order of the leaves.
        root: the root of the tree over the first `end` leaves; empty when no tree was there (a bench).
        entries_sha256: SHA-256 of the file of rows; likewise of blocks and index.
    """

    first: int
    end: int
    revision: int
    blocks: int
    first_block: int
    last_block: int
    from_us: int
    until_us: int
    redacted: int
    leaves: bytes
    root: bytes
    entries_sha256: bytes
    blocks_sha256: bytes
    index_sha256: bytes

    @property
    def count(self) -> int:
        """How many leaves it holds."""
        return self.end - self.first

    def entries_path(self, folder: Path) -> Path:
        """The file of rows."""
        return folder / f"{self._stem}.entries.parquet"

    def blocks_path(self, folder: Path) -> Path:
        """The file of blocks."""
        return folder / f"{self._stem}.blocks.parquet"

    def index_path(self, folder: Path) -> Path:
        """Where persons and pages are."""
        return folder / f"{self._stem}.index"

    def paths(self, folder: Path) -> tuple[Path, Path, Path]:
        """Its three files."""
        return self.entries_path(folder), self.blocks_path(folder), self.index_path(folder)

    @property
    def _stem(self) -> str:
        return stem(self.first, self.end, self.revision)


def stem(first: int, end: int, revision: int) -> str:
    """The beginning of the names of a segment's files."""
    return f"{first:013d}-{end:013d}-{revision:03d}"
