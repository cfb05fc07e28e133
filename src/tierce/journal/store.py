"""The journal's rows: entries and batches in, places and checkpoints for the sequencer, and what proofs need.

Nothing here updates or deletes: no role has that right (grants.sql).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import AsyncConnection, Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from tierce.journal.errors import InstanceReplacedError, SequencerBusyError
from tierce.kernel.ids import EntrySeq

SEQUENCER_LOCK = 0x7469_6572_6A6F
"""The advisory lock that makes the sequencer a single writer."""

REGISTER: LiteralString = "select journal.register(%s, session_user, %s)"
NEXT_BLOCK: LiteralString = "select journal.next_block()"
APPEND: LiteralString = "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)"

_UNPLACED: LiteralString = """
    select u.block, u.n, u.tx::text, pg_current_snapshot()::text
    from (select 1) one left join journal.unplaced(%s::pg_snapshot, %s) u on true"""

# Leaf hashes are made by the server, a row for each block: a tenth of the time of sending every body.
_HASHES: LiteralString = """
    select b.block, (select string_agg(sha256('\\x00'::bytea || e.body), ''::bytea order by e.seq)
                     from journal.entry e where e.seq between b.block * 256 and b.block * 256 + 255)
    from unnest(%s::bigint[]) b(block)"""


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A stored checkpoint, and what the reading of its blocks saw."""

    size: int
    root: bytes
    note: str
    seen: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A committed batch that is not in the tree: its block, its number of entries, the transaction that wrote it."""

    block: int
    count: int
    transaction: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A block in the tree: its entries are the leaves `first`..`first` + `count` - 1."""

    block: int
    first: int
    count: int


def number(row: TupleRow | None) -> int:
    """The only column, a number or a truth value, of the only row that such a statement returns."""
    assert row is not None
    return int(row[0])


def register(connection: Connection, name: str, public_key: bytes) -> int:
    """Register an instance of the connected role, or find it again.

    Raises:
        InstanceReplacedError: another key has its name.
    """
    try:
        return number(connection.execute(REGISTER, (name, public_key)).fetchone())
    except UniqueViolation:
        raise InstanceReplacedError(name) from None


async def register_async(connection: AsyncConnection, name: str, public_key: bytes) -> int:
    """Do as `register`, on an asynchronous connection."""
    try:
        cursor = await connection.execute(REGISTER, (name, public_key))
    except UniqueViolation:
        raise InstanceReplacedError(name) from None
    return number(await cursor.fetchone())


def take_lock(connection: Connection) -> None:
    """Become the single sequencer for as long as this connection lives.

    Raises:
        SequencerBusyError: another connection holds the lock.
    """
    if not number(connection.execute("select pg_try_advisory_lock(%s)", (SEQUENCER_LOCK,)).fetchone()):
        connection.rollback()
        raise SequencerBusyError


def one_snapshot(connection: Connection) -> None:
    """Have the transaction that begins read all of it at one instant, whoever writes meanwhile."""
    connection.execute("set transaction isolation level repeatable read")


def last_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The checkpoint of the largest size, or None in an empty log."""
    row = connection.execute(
        "select size, root, note, seen::text from journal.checkpoint order by size desc limit 1"
    ).fetchone()
    return CheckpointRow(*row) if row else None


def checkpoints_after(connection: Connection, size: int, limit: int) -> list[CheckpointRow]:
    """The first stored checkpoints of more than `size` leaves, by size."""
    rows = connection.execute(
        "select size, root, note, seen::text from journal.checkpoint where size > %s order by size limit %s",
        (size, limit),
    )
    return [CheckpointRow(*row) for row in rows.fetchall()]


def root_of(connection: Connection, size: int) -> bytes | None:
    """The root that a stored checkpoint gives for exactly this size."""
    row = connection.execute("select root from journal.checkpoint where size = %s", (size,)).fetchone()
    return row[0] if row else None


def leaf_count(connection: Connection) -> int:
    """How many leaves there are, whatever the checkpoints say."""
    return number(connection.execute("select journal.leaf_count()").fetchone())


def unplaced(connection: Connection, seen: str, limit: int) -> tuple[list[Unplaced], str]:
    """Batches committed since `seen`, by transaction, and what this reading saw (a pg_snapshot as text)."""
    rows = connection.execute(_UNPLACED, (seen, limit)).fetchall()
    return [Unplaced(row[0], row[1], int(row[2])) for row in rows if row[0] is not None], rows[0][3]


def leaf_hashes(connection: Connection, blocks: Sequence[int]) -> dict[int, bytes]:
    """The joined leaf hashes of each block's entries, in their order."""
    rows = connection.execute(_HASHES, (list(blocks),), binary=True).fetchall()
    return {block: hashes or b"" for block, hashes in rows}


def placed_between(connection: Connection, low: int, high: int) -> list[Placed]:
    """The blocks whose leaves are `low`..`high` - 1, in the tree's order; a checkpoint never cuts a block."""
    rows = connection.execute(
        "select block, first_idx, n from journal.placed where first_idx >= %s and first_idx < %s order by first_idx",
        (low, high),
    )
    return [Placed(*row) for row in rows.fetchall()]


def insert_placed(connection: Connection, placed: Sequence[Placed]) -> None:
    """Store places. A block twice, or two blocks at one place, is refused by the table's keys."""
    with (
        connection.cursor() as cursor,
        cursor.copy("copy journal.placed (block, first_idx, n) from stdin (format binary)") as copy,
    ):
        copy.set_types(["int8", "int8", "int2"])
        for one in placed:
            copy.write_row((one.block, one.first, one.count))


def insert_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Store a signed checkpoint."""
    connection.execute(
        "insert into journal.checkpoint (size, root, note, seen) values (%s, %s, %s, %s)",
        (row.size, row.root, row.note, row.seen),
    )


def entry_body(connection: Connection, seq: EntrySeq) -> bytes | None:
    """The bytes of an entry, or None when no entry has this number."""
    row = connection.execute("select body from journal.entry where seq = %s", (seq,)).fetchone()
    return row[0] if row else None


def leaf_index(connection: Connection, seq: EntrySeq) -> int | None:
    """The place of an entry in the tree, from 0, or None until it is sequenced."""
    row = connection.execute(
        "select first_idx + (%(seq)s::bigint & 255) from journal.placed"
        " where block = %(seq)s::bigint >> 8 and n > %(seq)s::bigint & 255",
        {"seq": seq},
    ).fetchone()
    return row[0] if row else None


def insert_verification(connection: Connection, row: tuple[int, int, bytes, int, int, int, str | None]) -> None:
    """Keep what a reading of the whole journal found."""
    connection.execute(
        "insert into journal.verification (entries, size, root, sealed, redacted, errors, first)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        row,
    )


def last_verification(connection: Connection) -> TupleRow | None:
    """When the last reading was made, and its entries, size, root, number of errors and the first one's code."""
    return connection.execute(
        "select at, entries, size, root, errors, first from journal.verification order by id desc limit 1"
    ).fetchone()


def last_signed(connection: Connection) -> TupleRow | None:
    """The last checkpoint: size, root, when, and the note."""
    return connection.execute(
        "select size, root, at, note from journal.checkpoint order by size desc limit 1"
    ).fetchone()


def sealed_counts(connection: Connection) -> tuple[int, int, int, int]:
    """How many segments are in force, their leaves, those redacted, and the leaves whose time was over."""
    row = connection.execute(
        "select count(*), coalesce(sum(end_idx - first_idx), 0), coalesce(sum(redacted), 0),"
        " (select coalesce(sum(end_idx - first_idx), 0) from journal.ended) from journal.segments()"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])
