"""Reads one insurer's counts, through functions that take its session's handle and answer for it alone."""

from datetime import datetime

from psycopg import Connection

from tierce.insurers.model import Coming, Decided, IncidentCount, PaidBatch, People, ShownRow
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, IncidentId
from tierce.registry.runs.model import Run, RunLine, RunReason
from tierce.registry.runs.store import REFUSED_MAX, RUNS_MAX, reason_of, run_of


def people(connection: Connection, handle: bytes) -> People | None:
    """The counts of the last import, or None when there was none."""
    row = connection.execute("select * from registry.own_people(%s)", (handle,)).fetchone()
    if row is None:
        return None
    day, counted, covered, ended, future, second, domains = row
    return People(
        day=date_of(day),
        counted=counted,
        covered=covered,
        ended=ended,
        future=future,
        second=second,
        by_domain=tuple(zip(Domain, domains, strict=True)),
    )


def feeds(connection: Connection, handle: bytes) -> list[Run]:
    """The insurer's files, the newest first."""
    rows = connection.execute("select * from registry.own_feeds(%s, %s)", (handle, RUNS_MAX)).fetchall()
    return [run_of(row) for row in rows]


def feed_reasons(connection: Connection, handle: bytes, number: int) -> list[RunReason]:
    """Why lines of one of its files were refused; nothing for a file of another insurer."""
    rows = connection.execute("select * from registry.own_feed_reasons(%s, %s)", (handle, number)).fetchall()
    return [reason_of(row) for row in rows]


def feed_refused(connection: Connection, handle: bytes, number: int) -> list[RunLine]:
    """The refused lines of one of its files; nothing for a file of another insurer."""
    rows = connection.execute(
        "select * from registry.own_feed_refused(%s, %s, %s)", (handle, number, REFUSED_MAX)
    ).fetchall()
    return [RunLine(*row) for row in rows]


def shown(connection: Connection, handle: bytes, line: EntrySeq, days: int) -> list[ShownRow]:
    """Counts of what was shown, once `line` is committed: it says who reads them."""
    rows = connection.execute("select * from registry.own_shown(%s, %s, %s)", (handle, line, days)).fetchall()
    return [
        ShownRow(
            day=None if day is None else date_of(day),
            domain=Domain(domain) if domain else None,
            again=kind == EntryKind.REVISIT,
            lines=lines,
        )
        for day, domain, kind, lines in rows
    ]


def incidents(connection: Connection, handle: bytes, line: EntrySeq) -> list[IncidentCount]:
    """Established incidents with people of this insurer on their list, once `line` is committed."""
    rows = connection.execute("select * from registry.own_incidents(%s, %s)", (handle, line)).fetchall()
    return [IncidentCount(IncidentId(row[0]), *row[1:]) for row in rows]


def batches(connection: Connection, handle: bytes, line: EntrySeq, months: int) -> list[PaidBatch]:
    """Files for the bank that paid invoices to this insurer, the newest first, once `line` is committed."""
    rows = connection.execute("select * from registry.own_batches(%s, %s, %s)", (handle, line, months)).fetchall()
    return [PaidBatch(*row) for row in rows]


def coming(connection: Connection, handle: bytes, line: EntrySeq, at: datetime) -> Coming:
    """What is to be paid for this insurer, once `line` is committed."""
    row = connection.execute(
        "select invoices, due, gathered, ordered, settled, given from registry.own_coming(%s, %s)", (handle, line)
    ).fetchone()
    assert row is not None, "a session that is over raises"
    return Coming(at, *row)


def decided(connection: Connection, handle: bytes, line: EntrySeq, months: int) -> list[Decided]:
    """What was decided of invoices to this insurer, month by month, once `line` is committed."""
    rows = connection.execute("select * from registry.own_decided(%s, %s, %s)", (handle, line, months)).fetchall()
    return [Decided(*row) for row in rows]
