"""A sealed segment: its three files, their columns, and its row in the manifest.

docs/reference/journal-segment-v1.md is the normative text, and a test holds the two together. A segment holds a
stretch of leaves whole; an entry's 128 bytes are rebuilt from its columns, so that nothing is kept twice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

FORMAT: Final = "tierce-journal-segment-v1"
ENTRIES_MAX: Final = 1 << 24
"""Leaves of one segment at most: a row's place in its file fits the 24 bits of the index."""
ROW_GROUP_ROWS: Final = 131_072
"""Rows of a group: what a scan takes or leaves whole."""
PAGE_ROWS: Final = 4_096
"""Rows of a page: what reading one row alone costs."""

ENTRY_SCHEMA: Final = pa.schema(
    [
        pa.field("professional", pa.int64(), nullable=False),
        pa.field("establishment", pa.int64(), nullable=False),
        pa.field("device", pa.int64(), nullable=False),
        pa.field("session", pa.int64(), nullable=False),
        pa.field("activity", pa.uint32(), nullable=False),
        pa.field("software", pa.uint32(), nullable=False),
        pa.field("vendor", pa.uint32(), nullable=False),
        pa.field("network", pa.binary(16), nullable=False),
        pa.field("policy", pa.binary(16), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("act", pa.uint8(), nullable=False),
        pa.field("lane", pa.uint8(), nullable=False),
        pa.field("outcome", pa.uint8(), nullable=False),
        pa.field("presence", pa.uint8(), nullable=False),
        pa.field("evidence", pa.uint8(), nullable=False),
        pa.field("domain", pa.uint8(), nullable=False),
        pa.field("block", pa.int64(), nullable=False),
        pa.field("place", pa.uint8(), nullable=False),
        pa.field("late_us", pa.int64(), nullable=False),
        pa.field("insurer", pa.uint16(), nullable=False),
        pa.field("seats_after", pa.uint16(), nullable=False),
        pa.field("person", pa.int64(), nullable=False),
        pa.field("categories", pa.uint32(), nullable=False),
        pa.field("reference", pa.int64(), nullable=False),
        pa.field("salt", pa.binary(8), nullable=False),
        pa.field("leaf", pa.binary(32), nullable=True),
    ]
)
"""The rows of a segment, sorted by professional, device, session (each session in one piece) and leaf.

64-bit fields are signed, as PostgreSQL shows them: the same 64 bits. `block` and `place` give the entry's number,
block × 256 + place, and lead to its block's row, whose `at_us` + `late_us` is the entry's time. `leaf` is there on a
redacted row alone.
"""

BLOCK_SCHEMA: Final = pa.schema(
    [
        pa.field("block", pa.int64(), nullable=False),
        pa.field("first", pa.int64(), nullable=False),
        pa.field("at_us", pa.int64(), nullable=False),
    ]
)
"""The blocks of a segment, ascending by number: an entry's leaf is `first` + place; `at_us` its first time."""


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
