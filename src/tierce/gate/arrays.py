"""Arrays in PostgreSQL's binary form, packed whole: the driver's own dumper makes a Python call for each element.

A batch passes some twenty-five arrays; measured, packing them so takes a fifth of the time. The form is that of
`array_send`: dimensions, whether a null occurs, element type, length, lower bound, then each element with its size.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_SIZE = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"


class Packed(bytes):
    """An array as it goes over the wire; its class says of what."""

    __slots__ = ()
    element = 0
    """The element type's number in pg_type, fixed by PostgreSQL."""


class Bigints(Packed):
    """bigint[]."""

    element = 20


class Integers(Packed):
    """integer[]."""

    element = 23


class Smallints(Packed):
    """smallint[]."""

    element = 21


class Uuids(Packed):
    """uuid[]."""

    element = 2950


class Byteas(Packed):
    """bytea[]."""

    element = 17


class Texts(Packed):
    """text[]."""

    element = 25


ARRAY_TYPES = {Bigints: 1016, Integers: 1007, Smallints: 1005, Uuids: 2951, Byteas: 1001, Texts: 1009}


@lru_cache(maxsize=1024)
def _numbers(count: int, code: str) -> struct.Struct:
    return struct.Struct(">iiIii" + f"i{code}" * count)


def _fixed(kind: type[Packed], code: str, size: int, values: Sequence[int]) -> bytes:
    count = len(values)
    if not count:
        return _EMPTY.pack(0, 0, kind.element)
    flat = [size] * (2 * count)
    flat[1::2] = values
    return _numbers(count, code).pack(1, 0, kind.element, count, 1, *flat)


def _any(kind: type[Packed], values: Sequence[bytes | None]) -> bytes:
    count = len(values)
    if not count:
        return _EMPTY.pack(0, 0, kind.element)
    parts = [_HEAD.pack(1, 0, kind.element, count, 1)]
    for value in values:
        if value is None:
            parts[0] = _HEAD.pack(1, 1, kind.element, count, 1)
            parts.append(_NULL)
        else:
            parts.append(_SIZE.pack(len(value)))
            parts.append(value)
    return b"".join(parts)


def bigints(values: Sequence[int | None]) -> Bigints:
    """Pack a bigint[]; None is null."""
    if None in values:
        return Bigints(_any(Bigints, [None if v is None else v.to_bytes(8, "big", signed=True) for v in values]))
    return Bigints(_fixed(Bigints, "q", 8, values))  # type: ignore[arg-type]  # no None is left


def integers(values: Sequence[int]) -> Integers:
    """Pack an integer[]."""
    return Integers(_fixed(Integers, "i", 4, values))


def smallints(values: Sequence[int | None]) -> Smallints:
    """Pack a smallint[]; None is null."""
    if None in values:
        return Smallints(_any(Smallints, [None if v is None else v.to_bytes(2, "big", signed=True) for v in values]))
    return Smallints(_fixed(Smallints, "h", 2, values))  # type: ignore[arg-type]  # no None is left


def uuids(values: Sequence[UUID | None]) -> Uuids:
    """Pack a uuid[]; None is null."""
    return Uuids(_any(Uuids, [None if value is None else value.bytes for value in values]))


def byteas(values: Sequence[bytes]) -> Byteas:
    """Pack a bytea[]."""
    return Byteas(_any(Byteas, values))


def texts(values: Sequence[str | None]) -> Texts:
    """Pack a text[], for a database in UTF-8; None is null."""
    return Texts(_any(Texts, [None if value is None else value.encode() for value in values]))


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        """Give the bytes as they are."""
        return obj


def accept_packed(connection: AsyncConnection[object]) -> None:
    """Let the connection's statements take packed arrays as binary parameters."""
    for kind, oid in ARRAY_TYPES.items():
        dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": oid})
        connection.adapters.register_dumper(kind, dumper)
