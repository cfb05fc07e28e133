"""The manifest's rows, what is read to seal a stretch, and the functions that drop what is sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import LiteralString

import numpy as np
from psycopg import Connection

from tierce.journal.segments.model import ENTRIES_MAX, Segment, Stretch

SEALER_LOCK = 0x7469_6572_7365
"""The advisory lock that makes one sealer at a time."""

_SEGMENTS: LiteralString = (
    "select first_idx, end_idx, revision, blocks, first_block, last_block, from_us, until_us, redacted, leaves, root,"
    " entries_sha256, blocks_sha256, index_sha256 from journal.segments() order by first_idx"
)
_ADD: LiteralString = """
    select journal.add_segment(row(
        %(first)s, %(revision)s, %(end)s, %(blocks)s, %(first_block)s, %(last_block)s, %(from_us)s, %(until_us)s,
        %(redacted)s, %(leaves)s, %(root)s, %(entries_sha256)s, %(blocks_sha256)s, %(index_sha256)s, now()
    )::journal.segment)"""


@dataclass(frozen=True, slots=True)
class Ready:
    """A stretch that may be sealed: it ends at a signed checkpoint."""

    first: int
    end: int
    root: bytes
    begun_us: int
    """When its first batch was written, by the database's clock."""


def take_lock(connection: Connection) -> bool:
    """Become the only sealer for as long as this connection lives; False when another is."""
    row = connection.execute("select pg_try_advisory_lock(%s)", (SEALER_LOCK,)).fetchone()
    connection.commit()
    return bool(row and row[0])


def segments(connection: Connection) -> list[Segment]:
    """The manifest: the segments in force, by leaf."""
    return [
        Segment(
            first=row[0],
            end=row[1],
            revision=row[2],
            blocks=row[3],
            first_block=row[4],
            last_block=row[5],
            from_us=int(row[6]),
            until_us=int(row[7]),
            redacted=row[8],
            leaves=row[9],
            root=row[10],
            entries_sha256=row[11],
            blocks_sha256=row[12],
            index_sha256=row[13],
        )
        for row in connection.execute(_SEGMENTS)
    ]


def sealed_end(connection: Connection) -> int:
    """One past the last sealed leaf."""
    row = connection.execute("select journal.sealed_end()").fetchone()
    assert row is not None
    return int(row[0])


def ready(connection: Connection) -> Ready | None:
    """What follows the last segment, up to the last checkpoint that still fits one; None when there is none."""
    first = sealed_end(connection)
    row = connection.execute(
        "select c.size, c.root, (select (extract(epoch from b.at) * 1e6)::bigint from journal.placed p"
        "   join journal.batch b using (block) where p.first_idx = %(first)s)"
        " from journal.checkpoint c where c.size > %(first)s and c.size <= %(most)s order by c.size desc limit 1",
        {"first": first, "most": first + ENTRIES_MAX},
    ).fetchone()
    return None if row is None else Ready(first, row[0], bytes(row[1]), row[2])


def stretch(connection: Connection, first: int, end: int) -> Stretch:
    """The blocks of the leaves `first`..`end` - 1."""
    rows = connection.execute(
        "select block, n from journal.placed where first_idx >= %s and first_idx < %s order by first_idx",
        (first, end),
    ).fetchall()
    blocks, sizes = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64)
    return Stretch(first, blocks, sizes)


def bodies(connection: Connection, first: int, end: int) -> Iterator[list[bytes]]:
    """The entries of the leaves `first`..`end` - 1 in their order, some at a time."""
    with connection.cursor(name="journal_bodies") as cursor:
        cursor.itersize = 50_000
        cursor.execute(
            "select e.body from journal.placed p join journal.entry e"
            " on e.seq between p.block * 256 and p.block * 256 + p.n - 1"
            " where p.first_idx >= %s and p.first_idx < %s order by p.first_idx, e.seq",
            (first, end),
        )
        while rows := cursor.fetchmany(50_000):
            yield [row[0] for row in rows]


def add(connection: Connection, segment: Segment) -> None:
    """Put a segment, or its next revision, into the manifest."""
    connection.execute(_ADD, {one.name: getattr(segment, one.name) for one in fields(Segment)})


def drop_hot(connection: Connection, first: int, at_most: int) -> int:
    """Drop hot rows of a sealed segment; refused by the database before its time."""
    row = connection.execute("select journal.drop_hot(%s, %s)", (first, at_most)).fetchone()
    assert row is not None
    return int(row[0])


def hot_due(connection: Connection, hot_days: int) -> list[int]:
    """The segments whose hot rows are there and whose time in the database is over, by their first leaf."""
    rows = connection.execute(
        "select s.first_idx from journal.segment s where s.revision = 0 and s.at < now() - interval '1 day'"
        " and s.until_us < (extract(epoch from now()) - %s * 86400.0) * 1e6"
        # By the rows that are left between its blocks, each asked by key. Once a segment was dropped there is none,
        # and its blocks, which stay for good, are not gone through each night.
        " and exists (select from journal.entry e"
        "   where e.seq between s.first_block * 256 and s.last_block * 256 + 255"
        "   and (select b.at from journal.batch b where b.block = e.seq >> 8) < now() - make_interval(days => %s)"
        "   and (select p.first_idx between s.first_idx and s.end_idx - 1 from journal.placed p"
        "        where p.block = e.seq >> 8) offset 0) order by 1",
        (hot_days, hot_days),
    )
    return [row[0] for row in rows.fetchall()]


def asked_redactions(connection: Connection) -> list[tuple[int, int]]:
    """Each entry that two people asked to redact, and its leaf."""
    rows = connection.execute(
        "select r.seq, p.first_idx + (r.seq & 255) from journal.redactions() r join journal.placed p"
        " on p.block = r.seq >> 8 order by 2"
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def drop_redacted(connection: Connection, seq: int) -> bool:
    """Drop the hot row of an entry that was redacted; False when it had none."""
    row = connection.execute("select journal.drop_redacted(%s)", (seq,)).fetchone()
    return bool(row and row[0])


def is_held(connection: Connection, person: int) -> bool:
    """Whether the person is on the list of an incident that still holds."""
    row = connection.execute("select upkeep.is_held(%s)", (person,)).fetchone()
    return bool(row and row[0])


def held_since(connection: Connection) -> datetime | None:
    """From when on an incident that still holds may have to list whoever a line names; None when there is none."""
    row = connection.execute("select upkeep.held_since()").fetchone()
    return None if row is None else row[0]


def due_segments(connection: Connection) -> list[int]:
    """The first leaves of the segments whose time is over, oldest first."""
    return [row[0] for row in connection.execute("select first_idx from journal.due_segments()").fetchall()]


def end_segment(connection: Connection, first: int, line: int) -> None:
    """Note that a segment's time is over, as entry `line` says."""
    connection.execute("select journal.end_segment(%s, %s)", (first, line))


def redaction_asks(connection: Connection, seq: int) -> Sequence[tuple[int, int]]:
    """Who asked that an entry be redacted, and for which reason."""
    rows = connection.execute("select author, reason from journal.redaction where seq = %s order by at", (seq,))
    return [(row[0], row[1]) for row in rows.fetchall()]


def ask_redaction(connection: Connection, seq: int, author: int, reason: int, line: int) -> bool:
    """Note that somebody asks for a redaction, as entry `line` says; False when she already did."""
    cursor = connection.execute(
        "insert into journal.redaction (seq, author, reason, line) values (%s, %s, %s, %s) on conflict do nothing",
        (seq, author, reason, line),
    )
    return cursor.rowcount == 1


def redaction_reasons(connection: Connection) -> dict[int, int]:
    """The reason of each redaction that two people asked for."""
    return dict(connection.execute("select seq, reason from journal.redactions()").fetchall())


def tree_size(connection: Connection) -> int:
    """How many leaves the last checkpoint signs."""
    row = connection.execute("select coalesce(max(size), 0) from journal.checkpoint").fetchone()
    assert row is not None
    return int(row[0])
