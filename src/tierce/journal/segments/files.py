"""The files of a segment: written beside their place, flushed, then renamed; never changed afterwards."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tierce.journal.segments.columns import BLOCK_SCHEMA, ENTRY_SCHEMA
from tierce.journal.segments.model import FORMAT, PAGE_ROWS, ROW_GROUP_ROWS, Segment
from tierce.kernel.durable import sync_folder

MANIFEST_FILE = "manifest.json"

_RANDOM = ("person", "salt")
"""Nothing compresses a random number: stored as it is."""
_RUNS = (
    "professional",
    "establishment",
    "device",
    "session",
    "activity",
    "software",
    "vendor",
    "network",
    "policy",
    "lane",
    "evidence",
    "late_us",
    "leaf",
)  # fmt: skip - a list of names
"""Long runs of one value, which a general compressor takes down better than a dictionary for each group."""
SPREAD = frozenset(ENTRY_SCHEMA.names) - {*_RANDOM, *_RUNS} | frozenset(BLOCK_SCHEMA.names)
"""Small numbers without runs: split into streams of bytes, the high ones cost nothing (measured: ADR 0033)."""
_ENCODING = {name: "BYTE_STREAM_SPLIT" if name in SPREAD else "PLAIN" for name in ENTRY_SCHEMA.names}
COMPRESSION = {name: "none" if name in _RANDOM else "zstd" for name in ENTRY_SCHEMA.names}
_LEVEL = 6


class _Manifest(msgspec.Struct):
    format: str
    segments: list[Segment]


class EntriesWriter:
    """Writes the rows of one segment, group by group, into a file that is not yet in its place."""

    def __init__(self, path: Path, first: int, end: int) -> None:
        """Begin `path`, for the leaves first..end-1."""
        self._sink = path.open("wb")
        self._writer = pq.ParquetWriter(
            self._sink,
            ENTRY_SCHEMA.with_metadata({"format": FORMAT, "first": str(first), "end": str(end)}),
            use_dictionary=False,
            column_encoding=_ENCODING,
            compression=COMPRESSION,
            compression_level={name: _LEVEL for name, one in COMPRESSION.items() if one == "zstd"},
            write_statistics=["professional", "block"],
            write_batch_size=PAGE_ROWS,
            data_page_size=1,  # a page ends after each batch
            store_schema=False,
        )

    def write(self, rows: pa.Table) -> None:
        """Append rows; all but the last call give a whole number of groups."""
        self._writer.write_table(rows.select(ENTRY_SCHEMA.names), row_group_size=ROW_GROUP_ROWS)

    def close(self) -> None:
        """Write the end of the file and flush it to the disk."""
        self._writer.close()
        flush(self._sink.fileno())
        self._sink.close()


def write_blocks(path: Path, blocks: pa.Table) -> None:
    """Write the blocks of a segment into a file that is not yet in its place, and flush it."""
    with path.open("wb") as sink:
        pq.write_table(
            blocks.cast(BLOCK_SCHEMA).sort_by("block"),
            sink,
            use_dictionary=False,
            column_encoding=dict.fromkeys(BLOCK_SCHEMA.names, "BYTE_STREAM_SPLIT"),
            compression="zstd",
            compression_level=_LEVEL,
            row_group_size=ROW_GROUP_ROWS,
            write_batch_size=PAGE_ROWS,
            data_page_size=1,
            store_schema=False,
        )
        flush(sink.fileno())


def flush(handle: int) -> None:
    """Make what was written to an open file survive a loss of power."""
    os.fsync(handle)


def place(parts: Iterable[tuple[Path, Path]]) -> None:
    """Give each finished file its name, then make the names themselves durable."""
    folders = set()
    for part, path in parts:
        os.replace(part, path)
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def sha256_of(path: Path) -> bytes:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


_NAMED = re.compile(r"[0-9]{13}-([0-9]{13})-[0-9]{3}\.(?:entries\.parquet|blocks\.parquet|index)", re.ASCII)


def ahead(folder: Path, size: int) -> list[Path]:
    """Files of segments that end behind the `size` lines that the database signs: theirs may be nowhere else."""
    named = ((path, _NAMED.fullmatch(path.name)) for path in folder.glob("*"))
    return sorted(path for path, found in named if found is not None and int(found[1]) > size)


def write_manifest(folder: Path, segments: Iterable[Segment]) -> None:
    """Write the list of segments beside them: what a reader without the database starts from."""
    part = folder / (MANIFEST_FILE + ".part")
    with part.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(_Manifest(FORMAT, list(segments))), indent=1))
        file.flush()
        flush(file.fileno())
    place([(part, folder / MANIFEST_FILE)])


def read_manifest(folder: Path) -> list[Segment]:
    """Read the list of segments that stands beside them, in the order of their leaves."""
    read = msgspec.json.decode((folder / MANIFEST_FILE).read_bytes(), type=_Manifest)
    return sorted(read.segments, key=lambda one: one.first)
