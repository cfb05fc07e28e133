"""The journal's rows: entries and batches in, leaves and checkpoints for the sequencer, and what proofs need.

Nothing here updates or deletes: no role has that right (grants.sql).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow

from tierce.journal.errors import SequencerBusyError
from tierce.kernel.ids import EntrySeq

SEQUENCER_LOCK = 0x7469_6572_6A6F
"""The advisory lock that makes the sequencer a single writer."""

REGISTER: LiteralString = "select journal.register(%s, session_user, %s)"
NEXT_BLOCK: LiteralString = "select journal.next_block()"
APPEND: LiteralString = "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)"

# `tx` is the transaction that wrote the row. Below the oldest transaction still open everything is settled:
# a block whose rows show there is whole, and no later transaction can add to it. Blocks are looked for above
# the highest one taken and among those passed over, because numbers are drawn in one order and committed in
# another: "greater than the last seen" would lose the late ones.
_SETTLED: LiteralString = """
    with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin)
    select seq, body from (
        select seq, tx, body from journal.entry where seq >= %(above)s
        union all
        select e.seq, e.tx, e.body
        from unnest(%(passed)s::bigint[]) p(block)
        join journal.entry e on e.seq >= p.block * 256 and e.seq < (p.block + 1) * 256
    ) found, horizon
    where tx < horizon.xmin order by seq limit %(limit)s"""

Row = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A stored checkpoint."""

    size: int
    root: bytes
    note: str


def number(row: TupleRow | None) -> int:
    """The only column, a number or a truth value, of the only row that such a statement returns."""
    assert row is not None
    return int(row[0])


def register(connection: Connection, name: str, public_key: bytes) -> int:
    """Register an instance of the connected role, or find it again; another key under its name is refused."""
    return number(connection.execute(REGISTER, (name, public_key)).fetchone())


async def register_async(connection: AsyncConnection, name: str, public_key: bytes) -> int:
    """Do as `register`, on an asynchronous connection."""
    cursor = await connection.execute(REGISTER, (name, public_key))
    return number(await cursor.fetchone())


def take_lock(connection: Connection) -> None:
    """Become the single sequencer for as long as this connection lives.

    Raises:
        SequencerBusyError: another connection holds the lock.
    """
    if not number(connection.execute("select pg_try_advisory_lock(%s)", (SEQUENCER_LOCK,)).fetchone()):
        connection.rollback()
        raise SequencerBusyError


def last_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The checkpoint of the largest size, or None in an empty log."""
    row = connection.execute("select size, root, note from journal.checkpoint order by size desc limit 1").fetchone()
    return CheckpointRow(row[0], row[1], row[2]) if row else None


def leaf_count(connection: Connection) -> int:
    """How many leaves are stored, whatever the checkpoints say."""
    return number(connection.execute("select count(*) from journal.leaf").fetchone())


def leaf_hashes(connection: Connection, size: int) -> Iterator[bytes]:
    """The hashes of leaves 0..size-1, in their order."""
    with connection.cursor(name="journal_leaves") as cursor:
        cursor.itersize = 20_000
        cursor.execute("select hash from journal.leaf where idx < %s order by idx", (size,))
        for row in cursor:
            yield row[0]


def sequenced_blocks(connection: Connection) -> Iterator[int]:
    """The blocks that have leaves, ascending."""
    with connection.cursor(name="journal_blocks") as cursor:
        cursor.itersize = 20_000
        cursor.execute("select distinct seq / 256 from journal.leaf order by 1")
        for row in cursor:
            yield row[0]


def settled(connection: Connection, above: int, passed: Sequence[int], limit: int) -> list[Row]:
    """Rows below the snapshot horizon, by seq: from `above` on, and of the blocks that were passed over."""
    parameters = {"above": above, "passed": list(passed), "limit": limit}
    return connection.execute(_SETTLED, parameters).fetchall()


def insert_leaves(connection: Connection, first: int, leaves: Sequence[tuple[int, bytes]]) -> None:
    """Store (seq, hash) pairs at the indexes `first`, `first` + 1 and so on."""
    with (
        connection.cursor() as cursor,
        cursor.copy("copy journal.leaf (idx, seq, hash) from stdin (format binary)") as copy,
    ):
        copy.set_types(["int8", "int8", "bytea"])
        for index, (seq, leaf) in enumerate(leaves, start=first):
            copy.write_row((index, seq, leaf))


def insert_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Store a signed checkpoint."""
    connection.execute(
        "insert into journal.checkpoint (size, root, note) values (%s, %s, %s)",
        (row.size, row.root, row.note),
    )


def entry_body(connection: Connection, seq: EntrySeq) -> bytes | None:
    """The bytes of an entry, or None when no entry has this number."""
    row = connection.execute("select body from journal.entry where seq = %s", (seq,)).fetchone()
    return row[0] if row else None


def leaf_index(connection: Connection, seq: EntrySeq) -> int | None:
    """The place of an entry in the tree, from 0, or None until it is sequenced."""
    row = connection.execute("select idx from journal.leaf where seq = %s", (seq,)).fetchone()
    return row[0] if row else None
