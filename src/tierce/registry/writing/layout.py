"""Rows in PostgreSQL's binary COPY format, laid out column by column."""

from typing import Any, Final

import numpy as np

from tierce.registry.arrays import Bytes

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL: Final = b"\xff\xff"

Field = Any
"""A numpy column of big-endian integers, a matrix of bytes (one row a value), or None for NULL in every row."""


def lay_out(rows: int, *columns: Field) -> memoryview:
    """Lay out rows of columns whose values all have one width each."""
    widths = [0 if column is None else _matrix(column).shape[1] for column in columns]
    total = 2 + sum(4 + width for width in widths)
    out = np.empty((rows, total), dtype=np.uint8)
    out[:, 0:2] = np.frombuffer(len(columns).to_bytes(2, "big"), dtype=np.uint8)
    at = 2
    for column, width in zip(columns, widths, strict=True):
        length = -1 if column is None else width
        out[:, at : at + 4] = np.frombuffer(length.to_bytes(4, "big", signed=True), dtype=np.uint8)
        if column is not None:
            out[:, at + 4 : at + 4 + width] = _matrix(column)
        at += 4 + width
    return out.reshape(-1).data


def big(values: Field, width: int) -> Field:
    """Make big-endian integers of 2, 4 or 8 bytes."""
    return np.asarray(values).astype(f">i{width}")


def _matrix(column: Field) -> Bytes:
    if column.dtype == np.uint8:
        matrix: Bytes = column
        return matrix
    return np.ascontiguousarray(column).view(np.uint8).reshape(len(column), column.dtype.itemsize)
