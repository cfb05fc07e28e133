"""The rows that are not sealed, copied from PostgreSQL in one state of the database; registers looked up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import LiteralString

import numpy as np
import pyarrow as pa
from psycopg import Connection, sql

from tierce.journal.encoding import ENTRY_BYTES, VERSION, decode
from tierce.journal.model import EntryKind
from tierce.journal.segments.sealed import SealedLog
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.ids import MAX_ID, EntrySeq, EstablishmentId, ProfessionalId, StaffId, staff_id
from tierce.policy.acts import Evidence, Outcome
from tierce.policy.ladder import Level, Rung
from tierce.scope.errors import JournalBehindError
from tierce.scope.model import Beat, Criteria, Gap, GapKind, JournalLine, Status, TreeHead
from tierce.scope.rules import GAP_SLACK_US, Holes, judge
from tierce.scope.sources import Blocks, Hot, hot_rows

FIELD_OF = {
    Level.LOGIN: "professionals",
    Level.DEVICE: "devices",
    Level.ESTABLISHMENT: "establishments",
    Level.SOFTWARE: "software",
    Level.VENDOR: "vendors",
}
"""Which field of criteria names the subject of a level."""
_STAFF_KINDS = (EntryKind.STAFF_ACT.value, EntryKind.EXPORT.value)
STAYS_MAX = 50
COPY_ROWS = 100_000
"""Rows turned into columns at a time."""

# Where each field is in an entry's body, from 1, and its width (docs/reference/journal-entry-v1.md).
_FIELDS: dict[str, tuple[int, int]] = {
    "professionals": (17, 8),
    "establishments": (25, 8),
    "sessions": (33, 8),
    "devices": (41, 8),
    "software": (53, 4),
    "vendors": (57, 4),
    "networks": (65, 16),
    "staff": (17, 8),
}
# What is not sealed: the leaves after the last segment, and the batches that are in no tree yet. Hot rows of what is
# sealed are a year's, and stay aside; a block of a number below those of the leaves, and in no tree, is one that the
# last checkpoint had not seen. Numbers are written into the text: given apart, whoever plans would not know them.
_SEALED: LiteralString = """
    select coalesce(max(end_idx), 0), coalesce(max(last_block), -1) + 1,
        coalesce((select seen::text from journal.checkpoint order by size desc limit 1), '2:2:')
    from journal.segment"""
_LEAVES: LiteralString = """
    select coalesce(min(block), {after}), coalesce(max(block), -1)
    from (select block from journal.placed where first_idx >= {upto} offset 0) p"""
_LATE: LiteralString = """
    select count(*), coalesce(array_agg(u.block) filter (where u.block < {low}), '{{}}')
    from journal.unplaced({seen}::pg_snapshot, {most}) u"""
_HOT: LiteralString = """
    select e.seq, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8
    where e.seq between {low} * 256 and {high} * 256 + 255 and p.first_idx >= {upto} and p.first_idx < {size}
      and (({named}) and (e.kind between 1 and 6 or e.kind in (14, 26)) or {unreadable})"""
_UNREADABLE: LiteralString = "length(e.body) <> {bytes} or get_byte(e.body, 0) <> {version}"
_PENDING: LiteralString = """
    select e.seq, e.body from (
        select seq, kind, body from journal.entry where seq >= {low} * 256
        union all
        select l.seq, l.kind, l.body from unnest({late}::bigint[]) b(block)
        join journal.entry l on l.seq between b.block * 256 and b.block * 256 + 255) e
    left join journal.placed p on p.block = e.seq >> 8
    where (p.first_idx is null or p.first_idx >= {size}) and ({named}) and e.kind between 1 and 6
      and length(e.body) = 128"""
# Numbers of instances are small: the index of professionals finds their lines at once.
_BEATS: LiteralString = """
    select e.seq, e.body from journal.entry e join journal.placed p on p.block = e.seq >> 8
    where e.professional between 1 and 32767 and e.kind = 11 and length(e.body) = 128
      and e.seq between {low} * 256 and {high} * 256 + 255 and p.first_idx >= {upto} and p.first_idx < {size}"""
_BATCHES: LiteralString = """
    (select block, at, n from journal.batch where block >= {low}
     union all
     select l.block, l.at, l.n from unnest({late}::bigint[]) o(block) join journal.batch l using (block)) b"""
_BLOCKS: LiteralString = """
    select b.block, b.at from {batches} left join journal.placed p using (block)
    where (p.first_idx is null or p.first_idx >= {upto}) and b.at <= {settled} order by b.block"""
_TORN: LiteralString = """
    select b.block, b.at, b.n, count(e.seq) from {batches} left join journal.placed p using (block)
        left join journal.entry e on e.seq between b.block * 256 and b.block * 256 + 255
    where (p.first_idx is null or p.first_idx >= {upto})
      and b.at between {from_}::timestamptz and {until}::timestamptz and b.at <= {settled}
    group by b.block, b.at, b.n having count(e.seq) <> b.n order by b.block"""
LATE_MAX = 1_000_000
"""Batches in no tree that are looked at: with so many the sequencer was still for hours, and a list waits for it."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of a subject on the ladder, from the move to its lifting or its end."""

    id: int
    level: Level
    subject: int
    since: datetime
    until: datetime

    def criteria(self, categories: DataCategory) -> Criteria:
        """The lines of the subject during the stay; of these categories, when any is given."""
        nobody = Criteria(frozenset(), frozenset(), frozenset(), micros(self.since), micros(self.until))
        named = {FIELD_OF[self.level]: frozenset({self.subject})}
        return replace(nobody, categories=categories, ladder=True, **named)  # type: ignore[arg-type]  # the field of the level


def freeze(connection: Connection) -> None:
    """Let every statement of the transaction just begun see one and the same state of the database."""
    connection.execute("set transaction isolation level repeatable read")


def writing_since(connection: Connection) -> datetime | None:
    """Since when a transaction that is still open, whose lines nobody sees yet, writes some; None when none does.

    Call before the transaction that reads: a line that was committed by the time of the reading is read by it.
    """
    row = connection.execute("select journal.writing_since()").fetchone()
    return row[0] if row else None


def seen_until(connection: Connection, now: datetime) -> datetime:
    """Until when a reading that begins after this sees every line, to the slack of lines' times.

    `now` is the caller's own clock, which may be ahead: lines are compared with the database's, and so is this.
    """
    row = connection.execute("select least(%s, clock_timestamp(), journal.writing_since())", (now,)).fetchone()
    assert row is not None
    seen: datetime = row[0]
    return seen


def tree_head(connection: Connection) -> TreeHead | None:
    """The last checkpoint, or None while the journal has none."""
    row = connection.execute("select size, root from journal.checkpoint order by size desc limit 1").fetchone()
    return TreeHead(row[0], row[1]) if row else None


def _named(clauses: Sequence[Criteria]) -> sql.Composable:
    """The condition, on bodies, that keeps at least every line that a clause names; the engine decides."""
    terms: list[sql.Composable] = []
    for clause in clauses:
        for name, (at, width) in _FIELDS.items():
            found = getattr(clause, name)
            if found:
                raw = [one if isinstance(one, bytes) else one.to_bytes(width, "big") for one in sorted(found)]
                terms.append(
                    sql.SQL("substring(e.body from {} for {}) = any({}::bytea[])").format(at, width, sql.Literal(raw))
                )
        if clause.evidence is not Evidence.NONE:
            terms.append(sql.SQL("get_byte(e.body, 6) >= {}").format(int(clause.evidence)))
    return sql.SQL(" or ").join(terms)


def _readable(rows: Iterator[tuple[int, bytes]], wrong: set[int]) -> Iterator[pa.Table]:
    while some := list(islice(rows, COPY_ROWS)):
        good = [(seq, body) for seq, body in some if len(body) == ENTRY_BYTES and body[0] == VERSION]
        wrong.update(seq >> 8 for seq, body in some if len(body) != ENTRY_BYTES or body[0] != VERSION)
        if good:
            yield hot_rows([body for _, body in good], [seq for seq, _ in good])


def _unsealed(connection: Connection) -> dict[str, sql.Composable]:
    """Where what is not sealed lies, as the statements above name it."""
    sealed = connection.execute(_SEALED).fetchone()
    assert sealed is not None
    upto, after, seen = sealed
    leaves = connection.execute(sql.SQL(_LEAVES).format(upto=upto, after=after)).fetchone()
    assert leaves is not None
    low, high = leaves
    row = connection.execute(sql.SQL(_LATE).format(seen=seen, most=LATE_MAX, low=low)).fetchone()
    assert row is not None
    waiting, late = row
    if waiting >= LATE_MAX:
        raise JournalBehindError  # some may not be among those told: a list does not leave them out
    where = {"upto": sql.Literal(upto), "low": sql.Literal(low), "high": sql.Literal(high)}
    where["late"] = sql.Literal(late)
    return {**where, "batches": sql.SQL(_BATCHES).format(**where)}


def hot(connection: Connection, clauses: Sequence[Criteria], size: int, settled: datetime) -> Hot:
    """What is not sealed, under the first `size` leaves: rows that a clause may name, every block, what is wrong.

    Call in one transaction with `freeze`. Blocks drawn after `settled` may still be committed: no hole is seen there.
    """
    wrong: set[int] = set()
    where = _unsealed(connection)
    statement = sql.SQL(_HOT).format(
        **where,
        size=size,
        named=_named(clauses),
        unreadable=sql.SQL(_UNREADABLE).format(bytes=ENTRY_BYTES, version=VERSION),
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy ({}) to stdout (format binary)").format(statement)) as copy,
    ):
        copy.set_types(["int8", "bytea"])
        rows = list(_readable(copy.rows(), wrong))
    blocks = _blocks(connection, where, settled)
    times = dict(zip(blocks.block.tolist(), blocks.at_us.tolist(), strict=True))
    unreadable = [Gap(GapKind.UNREADABLE, one, one, 0, times[one], times[one]) for one in wrong if one in times]
    met = [one for one in unreadable if _meets(clauses, one.from_us)]
    return Hot(rows, _beats(connection, where, size), blocks, [*met, *_torn(connection, where, clauses, settled)])


def _meets(clauses: Sequence[Criteria], at_us: int) -> bool:
    return any(one.from_us - GAP_SLACK_US <= at_us <= one.until_us + GAP_SLACK_US for one in clauses)


def _blocks(connection: Connection, where: dict[str, sql.Composable], settled: datetime) -> Blocks:
    found = connection.execute(sql.SQL(_BLOCKS).format(**where, settled=settled)).fetchall()
    block = np.array([row[0] for row in found], np.int64)
    return Blocks(block, np.array([micros(row[1]) for row in found], np.int64))


def _beats(connection: Connection, where: dict[str, sql.Composable], size: int) -> list[Beat]:
    found = []
    for seq, body in connection.execute(sql.SQL(_BEATS).format(**where, size=size)):
        entry = decode(body)
        found.append(Beat(int(entry.professional), entry.time_us, seq >> 8, entry.reference))
    return found


def _torn(
    connection: Connection, where: dict[str, sql.Composable], clauses: Sequence[Criteria], settled: datetime
) -> list[Gap]:
    """Batches of the windows with fewer lines than they signed."""
    gaps: dict[int, Gap] = {}
    for clause in clauses:
        statement = sql.SQL(_TORN).format(
            **where,
            from_=from_micros(max(clause.from_us - GAP_SLACK_US, 0)),
            until=from_micros(clause.until_us + GAP_SLACK_US),
            settled=settled,
        )
        for block, at, signed, found in connection.execute(statement):
            gaps[block] = Gap(GapKind.LINES_MISSING, block, block, signed - found, micros(at), micros(at))
    return list(gaps.values())


def pending(connection: Connection, clauses: Sequence[Criteria], size: int) -> int:
    """How many lines that released something in a window are written and not under the first `size` leaves.

    So are asks of an insurer that keeps its people itself, until a line says what came: they may have been shown.
    """
    statement = sql.SQL(_PENDING).format(**_unsealed(connection), size=size, named=_named(clauses))
    found = 0
    for seq, body in connection.execute(statement):
        line = JournalLine(EntrySeq(seq), decode(body))
        judged = judge(clauses, line, Holes())
        found += judged is not None and judged[0] is Status.CONFIRMED
    for seq, body in connection.execute("select seq, e.body from care.asking join journal.entry e using (seq)"):
        shown = replace(decode(body), kind=EntryKind.DISCLOSURE, outcome=Outcome.RELEASED)
        judged = judge(clauses, JournalLine(EntrySeq(seq), shown), Holes())
        found += judged is not None and judged[0] is Status.CONFIRMED
    return found


def ladder_windows(connection: Connection, level: Level, subject: int, rung: Rung) -> list[tuple[datetime, datetime]]:
    """When a subject stood on this rung or above: from the move to its lifting or its end."""
    rows = connection.execute(
        "select since, least(until, lifted) from access.ladder where level = %s and subject = %s and rung >= %s"
        " order by since",
        (level.value, subject, rung.value),
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def professionals(connection: Connection, rpps: Sequence[str]) -> dict[str, ProfessionalId]:
    """The professionals of these RPPS numbers that the directory knows."""
    rows = connection.execute("select rpps, id from directory.professional where rpps = any(%s)", (list(rpps),))
    return {number: ProfessionalId(found) for number, found in rows}


def establishments(connection: Connection, finess: Sequence[str]) -> dict[str, EstablishmentId]:
    """The establishments of these FINESS numbers that the directory knows."""
    rows = connection.execute(
        "select finess, id from directory.establishment where finess = any(%s)", (list(finess),)
    )
    return {number: EstablishmentId(found) for number, found in rows}


def staff(connection: Connection, names: Sequence[str], sealed: SealedLog) -> dict[str, StaffId]:
    """The members of staff of these names, or internal numbers, under whom the journal has a line, hot or sealed.

    A name is the provider's subject, or `command:` and what was given to `--by`.

    Raises:
        SegmentAlteredError: a sealed segment cannot be read.
    """
    numbers = {one: StaffId(int(one)) if _is_number(one) else staff_id(one) for one in names}
    rows = connection.execute(
        "select distinct professional from journal.entry where professional = any(%s) and kind = any(%s)",
        (list(numbers.values()), list(_STAFF_KINDS)),
    )
    known = {row[0] for row in rows}
    for number in set(numbers.values()) - known:
        if any(one.body[1] in _STAFF_KINDS for one in sealed.of_professional(connection, number)):
            known.add(number)
    return {name: number for name, number in numbers.items() if number in known}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= MAX_ID


def staff_names(connection: Connection, numbers: Sequence[StaffId]) -> list[str]:
    """What `staff` takes for these members of staff: the subject while a session of theirs is kept, or the number."""
    rows = connection.execute(
        "select distinct on (n) n, s.subject from unnest(%s::bigint[]) n left join access.staff_session s"
        " on s.staff = n order by n, s.created desc",
        (list(numbers),),
    )
    return [str(number) if subject is None else subject for number, subject in rows]


def rpps_of(connection: Connection, numbers: Sequence[ProfessionalId]) -> list[str]:
    """The RPPS numbers of professionals of the directory, in order."""
    rows = connection.execute(
        "select rpps from directory.professional where id = any(%s) and rpps is not null order by rpps",
        (list(numbers),),
    )
    return [row[0] for row in rows]


def finess_of(connection: Connection, numbers: Sequence[EstablishmentId]) -> list[str]:
    """The FINESS numbers of establishments of the directory, in order."""
    rows = connection.execute(
        "select finess from directory.establishment where id = any(%s) order by finess", (list(numbers),)
    )
    return [row[0] for row in rows]


def software_names(connection: Connection) -> list[tuple[int, int, str]]:
    """(number, vendor's number, name) of every software that may connect."""
    return connection.execute("select id, vendor, name from directory.software order by name").fetchall()


def stays(connection: Connection) -> list[Stay]:
    """The newest times that a subject which journal lines name stood on the ladder, the newest first."""
    rows = connection.execute(
        "select id, level, subject, since, least(until, coalesce(lifted, until)) from access.ladder"
        " where level = any(%s) and since < least(until, coalesce(lifted, until)) order by since desc limit %s",
        ([level.value for level in FIELD_OF], STAYS_MAX),
    ).fetchall()
    return [Stay(row[0], Level(row[1]), row[2], row[3], row[4]) for row in rows]


def ended(connection: Connection, clauses: Sequence[Criteria]) -> list[Gap]:
    """What is no longer kept of the windows, as one gap: up to the first block of what is."""
    kept = kept_from(connection)
    if not any(one.from_us < kept for one in clauses):
        return []
    row = connection.execute(
        "select coalesce(min(block), 1) - 1 from journal.placed"
        " where first_idx >= (select max(end_idx) from journal.ended)"
    ).fetchone()
    assert row is not None
    return [Gap(GapKind.ENDED, 0, int(row[0]), 0, 0, kept)]


def kept_from(connection: Connection) -> int:
    """From when on the journal is kept whole: 0 unless segments reached the end of their time."""
    row = connection.execute(
        """
        select case when exists (select from journal.ended) then coalesce(
            (select min(s.from_us) from journal.segments() s),
            (select extract(epoch from min(b.at)) * 1e6 from journal.batch b join journal.placed p using (block)
             where p.first_idx >= (select max(end_idx) from journal.ended))) else 0 end"""
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
