"""The index of a segment: which rows are one person's, which page begins at which professional, where pages are.

A bucket for every sixteen rows or so, chosen by a mix of the person's number; in it, for each row, its place in the
file (24 bits) and eight bits more of the mix. A look-up reads one bucket and finds, besides the person's own rows,
one time in 16 a row of somebody else, which whoever reads the rows tells by their person. Laid out in
docs/reference/journal-segment-v1.md.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tierce.journal.segments.files import flush
from tierce.journal.segments.pages import BLOCK_COLUMNS, ENTRY_COLUMNS, Pages, list_pages

_MAGIC = b"TIERCEX1"
_HEAD = np.dtype([("magic", "S8"), ("bits", "<u4"), ("persons", "<u4"), ("pages", "<u4"), ("block_pages", "<u4")])
_ROWS_PER_BUCKET = 16
_GOLDEN = 0x9E37_79B9_7F4A_7C15


def write_index(
    path: Path, persons: NDArray[np.int64], entries: Path, blocks: Path, firsts: tuple[NDArray[np.int64], ...]
) -> None:
    """Write the index of a segment; flushed, not yet in its place.

    Args:
        path: the file.
        persons: the person of each row; nobody's (0) is left out.
        entries: the finished file of rows.
        blocks: the finished file of blocks.
        firsts: the professional of each page's first row, and the number of each page's first block.
    """
    rows = np.flatnonzero(persons).astype(np.uint64)
    bits = max(0, (len(rows) // _ROWS_PER_BUCKET).bit_length() - 1)
    mixed = persons[rows].view(np.uint64) * np.uint64(_GOLDEN)
    bucket = mixed >> np.uint64(64 - bits) if bits else np.zeros(len(rows), np.uint64)
    order = bucket << np.uint64(32) | rows << np.uint64(8) | mixed >> np.uint64(56 - bits) & np.uint64(0xFF)
    order.sort()
    starts = np.zeros((1 << bits) + 1, "<u4")
    np.cumsum(np.bincount((order >> np.uint64(32)).astype(np.int64), minlength=1 << bits), out=starts[1:])
    head = np.array((_MAGIC, bits, len(rows), len(firsts[0]), len(firsts[1])), _HEAD)
    with path.open("wb") as file:
        file.write(head.tobytes())
        for first, file_of, columns in ((firsts[0], entries, ENTRY_COLUMNS), (firsts[1], blocks, BLOCK_COLUMNS)):
            pages = list_pages(file_of, columns)
            for part in (first.astype("<i8"), pages.starts, pages.lengths):
                file.write(part.tobytes())
        file.write(starts.tobytes())
        file.write((order & np.uint64(0xFFFF_FFFF)).astype("<u4").tobytes())
        file.flush()
        flush(file.fileno())


@dataclass(frozen=True, slots=True)
class PagedFile:
    """Where the pages of one file are, and the value of its leading column at the beginning of each."""

    firsts: NDArray[np.int64]
    pages: Pages


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """The index of one segment, mapped and read where it is touched."""

    entries: PagedFile
    blocks: PagedFile
    bits: int
    starts: NDArray[np.uint32]
    rows: NDArray[np.uint32]

    @classmethod
    def open(cls, path: Path) -> "SegmentIndex":
        """Map the file.

        Raises:
            ValueError: it is not an index of this version.
        """
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        mapped.madvise(mmap.MADV_RANDOM)
        raw = np.frombuffer(mapped, np.uint8)
        head = raw[: _HEAD.itemsize].view(_HEAD)[0]
        if head["magic"] != _MAGIC:
            msg = f"{path} is not a segment's index of version 1"
            raise ValueError(msg)
        bits, at = int(head["bits"]), _HEAD.itemsize
        files = []
        for pages, columns in ((int(head["pages"]), ENTRY_COLUMNS), (int(head["block_pages"]), BLOCK_COLUMNS)):
            parts = []
            for kind, count in (("<i8", pages), ("<u8", len(columns) * pages), ("<u4", len(columns) * pages)):
                width = np.dtype(kind).itemsize * count
                parts.append(raw[at : at + width].view(kind))
                at += width
            shape = (pages, len(columns))
            files.append(PagedFile(parts[0], Pages(parts[1].reshape(shape), parts[2].reshape(shape))))
        rest = raw[at:].view("<u4")
        return cls(files[0], files[1], bits, rest[: (1 << bits) + 1], rest[(1 << bits) + 1 :])

    def of_person(self, person: int) -> list[int]:
        """The rows that may be of this person, ascending; all of hers are among them."""
        mixed = person * _GOLDEN & 0xFFFF_FFFF_FFFF_FFFF
        bucket = mixed >> (64 - self.bits) if self.bits else 0
        mark = mixed >> (56 - self.bits) & 0xFF
        found = self.rows[int(self.starts[bucket]) : int(self.starts[bucket + 1])].tolist()
        return [one >> 8 for one in found if one & 0xFF == mark]

    def of_professional(self, professional: int) -> range:
        """The pages among which all rows of this professional are."""
        low = int(np.searchsorted(self.entries.firsts, professional, "left"))
        high = int(np.searchsorted(self.entries.firsts, professional, "right"))
        return range(max(0, low - 1), high)
