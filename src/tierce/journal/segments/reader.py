"""One sealed segment, opened: rows one by one, by page, without reading their group."""

import os
import struct
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
import zstandard
from numpy.typing import NDArray

from tierce.journal.encoding import VERSION, decode
from tierce.journal.model import Entry
from tierce.journal.segments.columns import BLOCK_SCHEMA, ENTRY_SCHEMA
from tierce.journal.segments.errors import SegmentAlteredError
from tierce.journal.segments.files import COMPRESSION, SPREAD
from tierce.journal.segments.index import PagedFile, SegmentIndex
from tierce.journal.segments.model import PAGE_ROWS, ROW_GROUP_ROWS, Segment
from tierce.journal.segments.pages import BLOCK_COLUMNS, ENTRY_COLUMNS

_LAYOUT = struct.Struct(">8BQ4q3I2H16sqII16sq8s")
_THREAD = threading.local()
"""The decompressor of each thread: making its tables anew for each page costs twice what the page does."""
_STORED: Final = {1: 4, 2: 4, 4: 4, 8: 8, 16: 16}
"""Parquet has no number of fewer than four bytes."""
_WIDTH: Final = {
    one.name: _STORED[one.type.byte_width] for one in (*ENTRY_SCHEMA, *BLOCK_SCHEMA) if one.name != "leaf"
}


SHOWN: Final = frozenset(
    {
        "kind",
        "act",
        "outcome",
        "presence",
        "domain",
        "block",
        "place",
        "late_us",
        "professional",
        "establishment",
        "insurer",
        "categories",
        "reference",
    }
)  # fmt: skip - a list of names
"""The columns that a history tells something of. The person is known, and the rest only proves the entry."""
_BLANK: Final = {name: bytes(8 if name == "salt" else 16) if name in {"network", "policy", "salt"} else 0
                 for name in ENTRY_COLUMNS}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as a history tells it: what it shows of nobody (device, session, software, network, salt …) is blank.

    It can be read, and neither hashed nor proved: SealedEntry is for that.
    """

    seq: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry read back from a segment.

    `body` is its 128 bytes, unless `redacted`, its leaf hash, is there: then person and salt are gone from them.
    """

    leaf: int
    seq: int
    body: bytes
    redacted: bytes | None = None


class SegmentFiles:
    """The files of one segment, open while somebody holds this. A row is named by its place in the file, from 0."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        """Open them.

        Raises:
            SegmentAlteredError: one is missing or unreadable.
        """
        self.segment = segment
        self.path = segment.entries_path(folder)
        try:
            self.index = SegmentIndex.open(segment.index_path(folder))
            self._entries = os.open(self.path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._entries)
            self._blocks = os.open(segment.blocks_path(folder), os.O_RDONLY)
            weakref.finalize(self, os.close, self._blocks)
            for handle in (self._entries, self._blocks):  # a page is small: what follows it is of no use
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)
        except (OSError, ValueError) as error:
            msg = (
                f"le segment des feuilles {segment.first} à {segment.end - 1} ne se lit pas / the segment of leaves "
                f"{segment.first} to {segment.end - 1} cannot be read: {error}"
            )
            raise SegmentAlteredError(msg) from error

    def of_person(self, person: int) -> list[int]:
        """The rows of a person, ascending."""
        return self._surely(person, self._likely(person))

    def _likely(self, person: int) -> list[int]:
        """The rows that the index gives, some of them perhaps somebody else's; what tells is asked of the disk."""
        rows = self.index.of_person(person)
        for row in rows:
            self._expect(self._person_at(row), 8)
        return rows

    def _surely(self, person: int, likely: Iterable[int]) -> list[int]:
        return [
            row
            for row in likely
            if int.from_bytes(os.pread(self._entries, 8, self._person_at(row)), "little", signed=True) == person
        ]

    def _person_at(self, row: int) -> int:
        return int(self.index.entries.pages.starts[row // PAGE_ROWS, _PERSON]) + row % PAGE_ROWS * 8

    def _expect(self, start: int, length: int) -> None:
        """Ask the disk for bytes that will be read soon, without waiting for them."""
        os.posix_fadvise(self._entries, start, length, os.POSIX_FADV_WILLNEED)

    def of_professional(self, professional: int) -> list[int]:
        """The rows of a professional, ascending."""
        found: list[int] = []
        for page in self.index.of_professional(professional):
            values = np.frombuffer(self._page("professional", page), "<i8")
            found.extend((np.flatnonzero(values == professional) + page * PAGE_ROWS).tolist())
        return found

    def of_seq(self, seq: int) -> int | None:
        """The row of the entry of this number, or None; looks through the blocks of every row."""
        if self._of_block(seq >> 8, ()) is None:
            return None
        with pq.ParquetFile(self.path, memory_map=True) as file:
            for group in range(file.num_row_groups):
                read = file.read_row_group(group, columns=["block", "place"])
                same = (read["block"].to_numpy() == seq >> 8) & (read["place"].to_numpy() == seq & 0xFF)
                if same.any():
                    return group * ROW_GROUP_ROWS + int(same.argmax())
        return None

    def read(self, rows: Sequence[int]) -> list[SealedEntry]:
        """Rebuild entries; each page is read once however many of its rows are wanted."""
        found = []
        for row in self._rows(rows, ENTRY_COLUMNS):
            first, at_us = self._where(row["block"], ("first", "at_us"))
            seq = row["block"] << 8 | row["place"]
            found.append(SealedEntry(first + row["place"], seq, self._body(row, at_us)))
        return self._with_redacted(rows, found) if self.segment.redacted else found

    def _expect_shown(self, rows: Iterable[int]) -> None:
        pages = self.index.entries.pages
        for page in {row // PAGE_ROWS for row in rows}:
            for column in _SHOWN_AT:
                self._expect(int(pages.starts[page, column]), int(pages.lengths[page, column]))

    def _shown(self, person: int, rows: Sequence[int]) -> list[ShownEntry]:
        found = []
        for row in self._rows(rows, SHOWN):
            (at_us,) = self._where(row["block"], ("at_us",))
            body = self._body({**_BLANK, **row, "person": person}, at_us)
            found.append(ShownEntry(row["block"] << 8 | row["place"], decode(body)))
        return found

    def _rows(self, rows: Sequence[int], names: Iterable[str]) -> list[dict[str, Any]]:
        """Some columns of some rows; each page is read once however many of its rows are wanted."""
        by_page: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            by_page[row // PAGE_ROWS].append(row % PAGE_ROWS)
        made = {}
        for page, places in by_page.items():
            count = min(PAGE_ROWS, self.segment.count - page * PAGE_ROWS)
            columns = {name: self._values(name, page, places, count) for name in names}
            for at, row in enumerate(places):
                made[page * PAGE_ROWS + row] = {name: values[at] for name, values in columns.items()}
        return [made[row] for row in rows]

    def _where(self, block: int, names: Sequence[str]) -> list[int]:
        found = self._of_block(block, names)
        if found is None:
            msg = f"le bloc {block} manque à côté de {self.path} / block {block} is missing beside it"
            raise SegmentAlteredError(msg)
        return found

    def _of_block(self, number: int, names: Sequence[str]) -> list[int] | None:
        """Values of a block's row, in the order of `names`, or None when it is not here."""
        page = int(np.searchsorted(self.index.blocks.firsts, number, "right")) - 1
        if page < 0:
            return None
        numbers = _unsplit(self._block_page("block", page)).view("<i8")[:, 0]
        at = int(np.searchsorted(numbers, number))
        if at == len(numbers) or numbers[at] != number:
            return None
        return [int(self._value(self._block_page(name, page), name, at, len(numbers))) for name in names]

    @staticmethod
    def _body(row: dict[str, Any], at_us: int) -> bytes:
        return _LAYOUT.pack(
            VERSION,
            row["kind"],
            row["act"],
            row["lane"],
            row["outcome"],
            row["presence"],
            row["evidence"],
            row["domain"],
            (at_us + row["late_us"]) % (1 << 64),
            row["professional"],
            row["establishment"],
            row["session"],
            row["device"],
            row["activity"],
            row["software"],
            row["vendor"],
            row["insurer"],
            row["seats_after"],
            row["network"],
            row["person"],
            row["categories"],
            0,
            row["policy"],
            row["reference"],
            row["salt"],
        )  # fmt: skip - the layout itself

    def _with_redacted(self, rows: Sequence[int], found: list[SealedEntry]) -> list[SealedEntry]:
        """Add the leaf hashes of redacted rows: few segments have any, and their groups are read whole."""
        by_group: dict[int, Any] = {}
        with pq.ParquetFile(self.path, memory_map=True) as file:
            for group in {row // ROW_GROUP_ROWS for row in rows}:
                by_group[group] = file.read_row_group(group, columns=["leaf"])["leaf"]
        return [
            SealedEntry(one.leaf, one.seq, one.body, by_group[row // ROW_GROUP_ROWS][row % ROW_GROUP_ROWS].as_py())
            for row, one in zip(rows, found, strict=True)
        ]

    def _page(self, name: str, page: int) -> bytes:
        count = min(PAGE_ROWS, self.segment.count - page * PAGE_ROWS)
        return _read_page(self._entries, self.index.entries, ENTRY_COLUMNS.index(name), page, name, count)

    def _block_page(self, name: str, page: int) -> bytes:
        count = min(PAGE_ROWS, self.segment.blocks - page * PAGE_ROWS)
        return _read_page(self._blocks, self.index.blocks, BLOCK_COLUMNS.index(name), page, name, count)

    def _values(self, name: str, page: int, places: Iterable[int], count: int) -> list[Any]:
        raw = self._page(name, page)
        return [self._value(raw, name, place, count) for place in places]

    @staticmethod
    def _value(raw: bytes, name: str, place: int, count: int) -> int | bytes:
        width = _WIDTH[name]
        one = raw[place::count] if name in SPREAD else raw[place * width : (place + 1) * width]
        return one if name in _BYTES else int.from_bytes(one, "little", signed=width == 8)


def shown_of_person(every: Sequence[SegmentFiles], person: int) -> list[ShownEntry]:
    """The entries of a person in these segments, read for what a history tells of them.

    The disk is asked for all that one step needs before any of it is waited for: a year is spread over sixty files.
    """
    likely = [files._likely(person) for files in every]
    rows = [files._surely(person, some) for files, some in zip(every, likely, strict=True)]
    for files, some in zip(every, rows, strict=True):
        files._expect_shown(some)
    return [one for files, some in zip(every, rows, strict=True) for one in files._shown(person, some)]


_PERSON = ENTRY_COLUMNS.index("person")
_SHOWN_AT = [at for at, name in enumerate(ENTRY_COLUMNS) if name in SHOWN]
_BYTES = frozenset({"network", "policy", "salt"})


def _read_page(handle: int, file: PagedFile, column: int, page: int, name: str, count: int) -> bytes:
    raw = os.pread(handle, int(file.pages.lengths[page, column]), int(file.pages.starts[page, column]))
    if COMPRESSION.get(name) == "none":
        return raw
    made = getattr(_THREAD, "made", None)
    if made is None:
        made = _THREAD.made = zstandard.ZstdDecompressor()
    return bytes(made.decompress(raw, max_output_size=count * _WIDTH[name]))


def _unsplit(raw: bytes) -> NDArray[np.uint8]:
    """Numbers of eight bytes, split into streams, put together again."""
    return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(8, -1).T)
