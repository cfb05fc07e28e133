"""Her invoices, through the session whose handle she holds."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection

from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.persons.billed.model import Billed
from tierce.persons.requests.model import ReportAnswer, ReportOutcome
from tierce.persons.requests.rules import report_due

LISTED_MAX = 200


def own(connection: Connection, handle: bytes) -> list[Billed]:
    """Her invoices, the newest care first."""
    rows = connection.execute(
        "select b.id,"
        " case when position(t.town in t.name) > 0 then t.name else t.name || ' (' || t.town || ')' end,"
        " b.care_day, b.at, b.asked, b.withdrawn, b.reported, b.answer, b.answered,"
        " b.domain, b.claimed, b.paid, b.refused"
        " from notice.own_billed(%s, %s) b join directory.establishment t on t.id = b.establishment"
        " order by b.care_day desc, b.at desc, b.id",
        (handle, LISTED_MAX),
    ).fetchall()
    return [
        Billed(
            id=row[0],
            place=row[1],
            care_day=date_of(row[2]),
            at=row[3],
            asked=row[4],
            withdrawn=row[5],
            reported_at=row[6],
            reply=_reply(row[6], row[7], row[8]) if row[6] else None,
            domain=None if row[9] is None else Domain(row[9]),
            claimed=row[10],
            paid=row[11],
            refused=row[12],
        )
        for row in rows
    ]


def _reply(reported: datetime, answer: str | None, answered: datetime | None) -> ReportAnswer:
    return ReportAnswer(report_due(reported), ReportOutcome(answer) if answer else None, answered)


def report(connection: Connection, handle: bytes, number: int, which: UUID) -> int:
    """Keep "it was not me" to one invoice: 0 kept, 1 it was before, 2 not hers (notice.report_billed)."""
    row = connection.execute("select notice.report_billed(%s, %s, %s)", (handle, number, which)).fetchone()
    assert row is not None
    return int(row[0])
