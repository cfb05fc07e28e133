"""Where each page of a segment's two Parquet files begins, so that one row can be read without its group.

Parquet says it in the header before each page, in Thrift's compact protocol; libraries read them and do not tell.
"""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tierce.journal.segments.columns import BLOCK_SCHEMA, ENTRY_SCHEMA
from tierce.journal.segments.model import PAGE_ROWS

ENTRY_COLUMNS = tuple(name for name in ENTRY_SCHEMA.names if name != "leaf")
"""The columns whose pages are listed; `leaf` is there on redacted rows alone, and may be null."""
BLOCK_COLUMNS = tuple(BLOCK_SCHEMA.names)
_HEADER_MOST = 512
_STOP, _TRUE, _FALSE, _BYTE, _BINARY, _STRUCT = 0, 1, 2, 3, 8, 12


@dataclass(frozen=True, slots=True)
class Pages:
    """For each page and each column of it: where its bytes begin in the file, and how many they are.

    A row is one page of each column: what is looked up together stands together.
    """

    starts: NDArray[np.uint64]
    lengths: NDArray[np.uint32]


def list_pages(path: Path, columns: Sequence[str]) -> Pages:
    """Read the place of each page of these columns from a finished file.

    Raises:
        ValueError: a page does not have the rows that it should: another program wrote the file.
    """
    metadata = pq.read_metadata(path)
    pages = -(-metadata.num_rows // PAGE_ROWS)
    starts, lengths = np.zeros((pages, len(columns)), "<u8"), np.zeros((pages, len(columns)), "<u4")
    names = {metadata.schema.column(at).name: at for at in range(metadata.num_columns)}
    with path.open("rb") as file:
        raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for column, name in enumerate(columns):
        page = 0
        for group in range(metadata.num_row_groups):
            of_group = metadata.row_group(group)
            chunk, left = of_group.column(names[name]), of_group.num_rows
            at, end = chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size
            while at < end:
                header, width = _header(raw[at : at + _HEADER_MOST])
                if header.rows != min(PAGE_ROWS, left):
                    msg = f"{path}: a page of {name} has {header.rows} rows"
                    raise ValueError(msg)
                starts[page, column], lengths[page, column] = at + width, header.length
                at, page, left = at + width + header.length, page + 1, left - header.rows
    return Pages(starts, lengths)


@dataclass(frozen=True, slots=True)
class _Header:
    length: int
    rows: int


def _header(raw: bytes) -> tuple[_Header, int]:
    """A page's header (parquet.thrift, PageHeader): its fields 3, the bytes as stored, and 5.1, the values."""
    fields, end = _struct(raw, 0)
    return _Header(fields[3], fields[5][1]), end


def _struct(raw: bytes, at: int) -> tuple[dict[int, Any], int]:
    """The fields of a struct by their number, and where it ends; a page's header holds no list and no fraction."""
    found: dict[int, Any] = {}
    field = 0
    while raw[at] != _STOP:
        delta, kind = raw[at] >> 4, raw[at] & 15
        at += 1
        if delta:
            field += delta
        else:
            number, at = _varint(raw, at)
            field = _zigzag(number)
        if kind == _STRUCT:
            found[field], at = _struct(raw, at)
        elif kind == _BINARY:
            length, at = _varint(raw, at)
            at += length
        elif kind == _BYTE:
            at += 1
        elif kind not in {_TRUE, _FALSE}:
            number, at = _varint(raw, at)
            found[field] = _zigzag(number)
    return found, at + 1


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _zigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)
