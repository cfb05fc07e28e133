"""MessagePack of many records at once, column by column: the same bytes as `encode_record` makes of one."""

from collections.abc import Iterable
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
_CLASSES: Final = np.array(SIZE_CLASSES, dtype=np.int64)
_encoder = msgspec.msgpack.Encoder()


def join_bytes(*parts: Column) -> Column:
    """Join columns and constants row by row."""
    return pc.binary_join_element_wise(*map(_cast, parts), _NOTHING)


def _cast(part: Column) -> Column:
    if isinstance(part, bytes):
        return pa.scalar(part, _BYTES)
    return part if part.type == _BYTES else part.cast(_BYTES)


def text_parts(column: Column) -> tuple[Column, Column]:
    """Pack a column of text, each of fewer than 1,024 bytes: the two parts to be joined."""
    return _HEADS.take(pc.binary_length(column)), column


def pack_texts(texts: Iterable[str | None]) -> Column:
    """Pack single texts; what is no text, or too long for any record, becomes nothing."""
    kept = (text.encode() if text is not None else b"" for text in texts)
    return pa.array([_encoder.encode(one.decode()) if len(one) < len(_HEADS) else b"" for one in kept], _BYTES)


def fixed_text(width: int) -> bytes:
    """The head of a column of text whose every value has so many bytes."""
    head: bytes = _HEADS[width].as_py()
    return head


def pack_integers(numbers: Iterable[int]) -> Column:
    """Pack single integers."""
    return pa.array([_encoder.encode(one) for one in numbers], _BYTES)


def pad_records(*parts: Column) -> Column:
    """Join the parts of each record, put its length before and zeros after, up to its size class; all at once."""
    cast = [_cast(part) for part in parts]
    lengths = np.int64(0)
    for part in cast:
        # The length of a constant is one number; of a column, one a row.
        width = pc.binary_length(part)
        lengths = lengths + (width.as_py() if isinstance(part, pa.Scalar) else width.to_numpy(zero_copy_only=False))
    sizes = _CLASSES[np.searchsorted(_CLASSES, lengths + 2)]
    head, tail = _LENGTHS.take(pa.array(lengths)), _ZEROS.take(pa.array(sizes - 2 - lengths))
    return join_bytes(head, *cast, tail)
