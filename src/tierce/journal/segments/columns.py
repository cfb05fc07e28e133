"""Entries as bytes, and the same entries as columns: both ways, exactly."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tierce.journal.encoding import ENTRY_BYTES, VERSION
from tierce.journal.segments.errors import SealRefusedError

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

BODY: Final = np.dtype(
    [
        ("version", "u1"),
        ("kind", "u1"),
        ("act", "u1"),
        ("lane", "u1"),
        ("outcome", "u1"),
        ("presence", "u1"),
        ("evidence", "u1"),
        ("domain", "u1"),
        ("time_us", ">u8"),
        ("professional", ">u8"),
        ("establishment", ">u8"),
        ("session", ">u8"),
        ("device", ">u8"),
        ("activity", ">u4"),
        ("software", ">u4"),
        ("vendor", ">u4"),
        ("insurer", ">u2"),
        ("seats_after", ">u2"),
        ("network", "V16"),
        ("person", ">u8"),
        ("categories", ">u4"),
        ("reserved", ">u4"),
        ("policy", "V16"),
        ("reference", ">u8"),
        ("salt", "V8"),
    ]
)  # fmt: skip - the layout of docs/reference/journal-entry-v1.md
"""The 128 bytes of an entry."""
assert BODY.itemsize == ENTRY_BYTES

COPIED: Final = tuple(name for name in ENTRY_SCHEMA.names if name in (BODY.names or ()))
"""The fields that are columns as they are."""

Bodies = NDArray[Any]
"""Entries, as an array of BODY."""


def read_bodies(entries: list[bytes]) -> Bodies:
    """See entries as an array.

    Raises:
        SealRefusedError: one is not an entry of version 1.
    """
    if any(len(one) != ENTRY_BYTES for one in entries):
        msg = (
            "une ligne n’a pas 128 octets : `tierce journal verify` / an entry does not have 128 bytes: run `tierce "
            "journal verify`"
        )
        raise SealRefusedError(msg)
    read = np.frombuffer(b"".join(entries), BODY)
    if (read["version"] != VERSION).any() or read["reserved"].any():
        msg = (
            "une ligne n’est pas de la version 1, et ce programme n’en scelle pas d’autre / an entry is not of "
            "version 1: this program seals no other"
        )
        raise SealRefusedError(msg)
    return read


def signed(values: NDArray[Any]) -> NDArray[np.int64]:
    """The same 64 bits as signed numbers."""
    return values.astype(np.uint64).view(np.int64)


def as_columns(
    bodies: Bodies, block: NDArray[np.int64], place: NDArray[np.uint8], at_us: NDArray[np.int64]
) -> pa.Table:
    """Give the columns of entries whose block begins at `at_us`, in the order given; none of them is redacted."""
    given = {
        "block": pa.array(block),
        "place": pa.array(place),
        "late_us": pa.array(signed(bodies["time_us"].astype(np.uint64) - at_us.view(np.uint64))),
        "leaf": pa.nulls(len(bodies), pa.binary(32)),
    }
    for name in COPIED:
        kind = ENTRY_SCHEMA.field(name).type
        if pa.types.is_fixed_size_binary(kind):
            given[name] = fixed(bodies[name], kind.byte_width)
        else:
            values = signed(bodies[name]) if kind == pa.int64() else bodies[name].astype(kind.to_pandas_dtype())
            given[name] = pa.array(values)
    return pa.table([given[name] for name in ENTRY_SCHEMA.names], schema=ENTRY_SCHEMA)


def as_bodies(rows: pa.Table, at_us: NDArray[np.int64]) -> Bodies:
    """Rebuild entries from their columns; a redacted row gives bytes without person and salt."""
    bodies = np.zeros(rows.num_rows, BODY)
    bodies["version"] = VERSION
    late = rows["late_us"].to_numpy()
    bodies["time_us"] = at_us.view(np.uint64) + late.view(np.uint64)
    for name in COPIED:
        column = rows[name].combine_chunks()
        kind = column.type
        if pa.types.is_fixed_size_binary(kind):
            bodies[name] = unfixed(column)
        else:
            values = column.to_numpy()
            bodies[name] = values.view(np.uint64) if kind == pa.int64() else values
    return bodies


def fixed(values: NDArray[Any], width: int) -> pa.Array:
    """Values of `width` bytes each, as a column."""
    return pa.Array.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def unfixed(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """The values of a column of fixed bytes, none of them null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    width = whole.type.byte_width
    read = np.frombuffer(whole.buffers()[1], f"V{width}", count=len(whole), offset=whole.offset * width)
    return read
