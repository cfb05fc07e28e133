"""Reads one insurer's counts, through functions that take its session's handle and answer for it alone."""

from psycopg import Connection

from tierce.insurers.model import FeedRun, FeedState, IncidentCount, People, ShownRow
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, IncidentId

FEEDS_MAX = 60


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


def feeds(connection: Connection, handle: bytes) -> list[FeedRun]:
    """The insurer's files, the newest first."""
    rows = connection.execute("select * from registry.own_feeds(%s, %s)", (handle, FEEDS_MAX)).fetchall()
    return [
        FeedRun(
            id=row[0],
            kind=row[1],
            state=FeedState(row[2]),
            read=row[3],
            taken=row[4],
            unchanged=row[5],
            rejected=row[6],
            started=row[7],
            ended=row[8],
        )
        for row in rows
    ]


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
