"""MessagePack of many records at once, column by column: the same bytes as `encode_record` makes of one."""

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tierce.registry.records import SIZE_CLASSES

Column = Any
_BYTES: Final = pa.binary()
_NOTHING: Final = pa.scalar(b"", _BYTES)
_HEADS: Final = pa.array(
    [bytes((0xA0 | n,)) if n < 32 else bytes((0xD9, n)) for n in range(256)]
    + [b"\xda" + n.to_bytes(2, "big") for n in range(256, 1024)],
    _BYTES,
)  # fmt: skip
"""The head of a MessagePack string, by its length in bytes."""
_LENGTHS: Final = pa.array([n.to_bytes(2, "big") for n in range(SIZE_CLASSES[-1])], _BYTES)
_ZEROS: Final = pa.array([bytes(n) for n in range(SIZE_CLASSES[-1])], _BYTES)
_encoder = msgspec.msgpack.Encoder()


def join_bytes(*parts: Column) -> Column:
    """Join columns and constants row by row."""
    cast = [
        pa.scalar(part, _BYTES) if isinstance(part, bytes) else part if part.type == _BYTES else part.cast(_BYTES)
        for part in parts
    ]
    return pc.binary_join_element_wise(*cast, _NOTHING)


def pack_text(column: Column) -> Column:
    """Pack a column of text, each of fewer than 1,024 bytes."""
    return join_bytes(_HEADS.take(pc.binary_length(column)), column)


def pack_integers(numbers: Column) -> Column:
    """Pack a column of integers; few of them differ."""
    distinct, where = np.unique(numbers, return_inverse=True)
    return pa.array([_encoder.encode(int(one)) for one in distinct], _BYTES).take(pa.array(where))


def pad_records(*parts: Column) -> Column:
    """Join the parts of each record, put its length before and zeros after, up to its size class."""
    body = join_bytes(*parts)
    lengths = pc.binary_length(body).to_numpy(zero_copy_only=False).astype(np.int64)
    classes = np.array(SIZE_CLASSES, dtype=np.int64)
    sizes = classes[np.searchsorted(classes, lengths + 2)]
    return join_bytes(_LENGTHS.take(pa.array(lengths)), body, _ZEROS.take(pa.array(sizes - 2 - lengths)))
