"""How the independent reader gets what it reads: its own statements, in one read-only snapshot for every process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

from psycopg import Connection, IsolationLevel, sql

_ROWS = 2_000

# One row a block: its entries joined when they are all there and nothing else is, and whether the columns beside them
# repeat their bytes. Anything else is looked at line by line. They are joined as an ordered subquery gives them: no
# sort for each block, and were they ever out of order, their signature would not hold.
_BLOCKS: LiteralString = """
    select p.first_idx, p.n, p.block, b.instance, b.n, b.signature, x.bodies,
           x.found = p.n and x.low = p.block * 256 and x.high = p.block * 256 + p.n - 1, coalesce(x.alike, true),
           x.found = 0
    from journal.placed p
    left join journal.batch b on b.block = p.block
    cross join lateral (
        select count(*) as found, min(e.seq) as low, max(e.seq) as high,
               string_agg(e.body, ''::bytea) as bodies,
               bool_and(octet_length(e.body) = 128 and get_byte(e.body, 1) = e.kind
                        and substr(e.body, 17, 8) = int8send(e.professional)
                        and substr(e.body, 81, 8) = int8send(e.person)) as alike
        from (select * from journal.entry where seq between p.block * 256 and p.block * 256 + 255 order by seq) e) x
    where p.first_idx > %s - 256 and p.first_idx < %s order by p.first_idx"""

_LINES: LiteralString = """
    select seq, kind, professional, person, body from journal.entry
    where seq between %(block)s * 256 and %(block)s * 256 + 255 order by seq"""

_UNPLACED: LiteralString = """
    select b.block, b.instance, b.n, b.signature from journal.batch b
    where not exists (select from journal.placed p where p.block = b.block) order by b.block"""

_GAPS: LiteralString = """
    select before + 1, block - 1 from
    (select block, lag(block, 1, 0::bigint) over (order by block) as before from journal.batch) b
    where block > before + 1 order by 1"""

_HOLES: LiteralString = """
    select due, first_idx, block from
    (select first_idx, block, lag(first_idx + n, 1, 0::bigint) over (order by first_idx) as due from journal.placed) p
    where first_idx <> due order by first_idx limit 100"""

_MOVED: LiteralString = """
    select first_idx, block, before from
    (select first_idx, block, lag(block) over (order by first_idx) as before from journal.placed) p
    where block < before and not exists (select from journal.checkpoint c where c.size = p.first_idx)
    order by first_idx limit 100"""

# Blocks do not lie in the order of their numbers: an early one that committed late has a late place.
_COUNTED: LiteralString = """
    with places as materialized (select block, first_idx, n from journal.placed where first_idx >= %(first)s)
    select (select count(*) from journal.entry e where e.seq >= (select min(block) from places) * 256
            and e.seq >> 8 in (select block from places)),
           (select coalesce(max(first_idx + n) - min(first_idx), 0) from places)"""

_STRANGERS: LiteralString = """
    select min(e.seq), e.seq >> 8 from journal.entry e
    where not exists (select from journal.batch b where b.block = e.seq >> 8) group by 2 order by 2 limit 100"""


@dataclass(frozen=True, slots=True)
class Batch:
    """A stored batch."""

    block: int
    instance: int
    count: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A stored entry: its bytes, and the columns that repeat some of them."""

    seq: int
    kind: int
    professional: int
    person: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block in the tree: where it begins, how many leaves it has, its batch, and its entries joined if regular."""

    first: int
    count: int
    block: int
    batch: Batch | None
    bodies: bytes | None
    alike: bool
    """Whether the columns beside the entries repeat their bytes."""
    empty: bool
    """Whether none of its entries is in the database."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A stored checkpoint."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A segment in force, as the manifest has it."""

    first: int
    end: int
    revision: int
    redacted: int
    entries_sha256: bytes
    blocks_sha256: bytes


@contextmanager
def snapshot(dsn: str, name: str | None = None) -> Iterator[tuple[Connection, str]]:
    """Open a connection that reads one instant: a new one, or the one another process gave the name of."""
    with Connection.connect(dsn) as connection:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        with connection.transaction():
            if name is not None:
                connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(name)))
                yield connection, name
            else:
                row = connection.execute("select pg_export_snapshot()").fetchone()
                assert row is not None
                yield connection, str(row[0])


def instances(connection: Connection) -> dict[int, bytes]:
    """The registered public keys."""
    return dict(connection.execute("select id, public_key from journal.instance").fetchall())


def counts(connection: Connection) -> tuple[int, int]:
    """How many batches are stored, and how many leaves are placed."""
    row = connection.execute(
        "select (select count(*) from journal.batch), (select coalesce(max(first_idx + n), 0) from journal.placed)"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def checkpoints(connection: Connection) -> Iterator[Signed]:
    """The stored checkpoints, by size, streamed: there may be one for each second."""
    with connection.cursor(name="verify_checkpoints") as cursor:
        cursor.itersize = _ROWS
        cursor.execute("select size, root, note from journal.checkpoint order by size")
        for row in cursor:
            yield Signed(*row)


def cosignatures(connection: Connection, witness: str) -> Iterator[tuple[int, str, str | None]]:
    """What a witness cosigned, by size: the signature line, and the stored note of that size when there is one."""
    with connection.cursor(name="verify_cosigned") as cursor:
        cursor.execute(
            "select c.size, c.line, p.note from journal.cosignature c left join journal.checkpoint p using (size)"
            " where c.witness = %s order by c.size",
            (witness,),
        )
        yield from cursor


def blocks(connection: Connection, low: int, high: int) -> Iterator[Block]:
    """The blocks that have a leaf in `low`..`high` - 1, in the tree's order, streamed."""
    with connection.cursor(name="verify_blocks") as cursor:
        cursor.itersize = _ROWS
        cursor.execute(_BLOCKS, (low, high), binary=True)
        for first, count, block, instance, signed, signature, bodies, regular, alike, empty in cursor:
            if first + count > low:
                batch = None if instance is None else Batch(block, instance, signed, signature)
                yield Block(first, count, block, batch, bodies if regular else None, alike, empty)


def lines(connection: Connection, block: int) -> list[Line]:
    """The entries of one block."""
    return [Line(*row) for row in connection.execute(_LINES, {"block": block}).fetchall()]


def unplaced(connection: Connection) -> list[Batch]:
    """The batches that are in no tree yet."""
    return [Batch(*row) for row in connection.execute(_UNPLACED).fetchall()]


def number_gaps(connection: Connection) -> list[tuple[int, int]]:
    """The block numbers that were drawn and never used, as first and last."""
    return [(row[0], row[1]) for row in connection.execute(_GAPS).fetchall()]


def counted(connection: Connection, first: int) -> tuple[int, int]:
    """Of the blocks that begin at a leaf or later: how many entries are there, and how many leaves the tree has."""
    row = connection.execute(_COUNTED, {"first": first}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def holes(connection: Connection) -> list[tuple[int, int, int]]:
    """Where the places do not follow: the leaf due, the leaf found, its block."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_HOLES).fetchall()]


def moved(connection: Connection) -> list[tuple[int, int, int]]:
    """Blocks that stand behind a later one under the same checkpoint: leaf, block, the block before it."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_MOVED).fetchall()]


def strangers(connection: Connection) -> list[tuple[int, int]]:
    """Entries that belong to no batch: the first of each block, and its block."""
    return [(row[0], row[1]) for row in connection.execute(_STRANGERS).fetchall()]


def sealed(connection: Connection) -> list[SealedRow]:
    """The segments in force: the last revision of each, without those whose time is over."""
    rows = connection.execute(
        "select distinct on (first_idx) first_idx, end_idx, revision, redacted, entries_sha256, blocks_sha256"
        " from journal.segment where first_idx not in (select first_idx from journal.ended)"
        " order by first_idx, revision desc"
    )
    return [SealedRow(*row) for row in rows.fetchall()]


def ended(connection: Connection) -> list[tuple[int, int]]:
    """The leaves of the segments whose time is over."""
    rows = connection.execute("select first_idx, end_idx from journal.ended order by first_idx").fetchall()
    return [(row[0], row[1]) for row in rows]


def ended_early(connection: Connection, days: int) -> set[int]:
    """First leaves of ended segments of which the database had taken a block less than so many days before."""
    rows = connection.execute(
        "select e.first_idx from journal.ended e where exists (select from journal.placed p"
        " where p.first_idx >= e.first_idx and p.first_idx < e.end_idx"
        " and (select b.at from journal.batch b where b.block = p.block) > e.at - make_interval(days => %s))",
        (days,),
    ).fetchall()
    return {row[0] for row in rows}


def accounts(connection: Connection) -> Iterator[bytes]:
    """The entries in the database that account for what is gone: redactions, and ends of segments."""
    with connection.cursor(name="verify_accounts") as cursor:
        cursor.execute("select body from journal.entry where kind = 12 or kind = 17 and get_byte(body, 2) = 151")
        for row in cursor:
            yield bytes(row[0])
