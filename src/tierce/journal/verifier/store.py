"""How the independent reader gets what it reads: its own statements in one read-only snapshot, its own tile names."""

from collections.abc import Iterator
from pathlib import Path

from psycopg import Connection, IsolationLevel

from tierce.journal.verifier.check import Batch, Journal, Leaf, Line, Signed

_HASH = 32
_TILE = 256


def read_journal(connection: Connection, log: Path) -> Journal:
    """Read the whole journal as of one instant; memory grows with it, about 400 bytes an entry.

    `connection` must be idle: its isolation level is changed for this reading. `log` is the folder of tiles.
    """
    before = connection.isolation_level, connection.read_only
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select id, public_key from journal.instance")
            instances: dict[int, bytes] = dict(cursor.fetchall())
            cursor.execute("select block, instance, n, signature from journal.batch order by block")
            batches = [Batch(*row) for row in cursor]
            cursor.execute("select seq, kind, professional, person, body from journal.entry order by seq")
            lines = [Line(*row) for row in cursor]
            cursor.execute("select block, first_idx, n from journal.placed order by first_idx")
            leaves = list(_leaves(cursor.fetchall(), log))
            cursor.execute("select note, size, root from journal.checkpoint order by size")
            checkpoints = [Signed(*row) for row in cursor]
    finally:
        connection.isolation_level, connection.read_only = before
    return Journal(instances, batches, lines, leaves, checkpoints)


def _leaves(placed: list[tuple[int, int, int]], log: Path) -> Iterator[Leaf]:
    number, hashes = -1, b""
    for block, first, count in placed:
        for place in range(count):
            index = first + place
            if index // _TILE != number:
                number = index // _TILE
                hashes = _leaf_tile(log, number)
            at = index % _TILE * _HASH
            yield Leaf(index, block * _TILE + place, hashes[at : at + _HASH])


def _leaf_tile(log: Path, number: int) -> bytes:
    """The hashes of one tile of leaves: of its full file, or of its longest partial one."""
    name = f"{number % 1000:03d}"
    rest = number // 1000
    while rest:
        name = f"x{rest % 1000:03d}/{name}"
        rest //= 1000
    full = log / "tile" / "0" / name
    if full.exists():
        return full.read_bytes()
    partial = full.with_name(f"{full.name}.p")
    widths = [int(file.name) for file in partial.iterdir() if file.name.isdigit()] if partial.is_dir() else []
    return (partial / str(max(widths))).read_bytes() if widths else b""
