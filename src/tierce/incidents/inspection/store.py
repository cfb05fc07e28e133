"""Counts of an incident: how many were exposed, told and when, never who."""

from datetime import datetime, timedelta

from psycopg import Connection

from tierce.incidents.inspection.model import Exposed, Messages, Told
from tierce.kernel.ids import IncidentId, InsurerId


def read_only(connection: Connection) -> None:
    """Let the transaction just begun see one state of the database and change nothing."""
    connection.execute("set transaction isolation level repeatable read read only")


def exposed(connection: Connection, number: IncidentId) -> list[Exposed]:
    """Pairs of the newest list, by controller and cohort."""
    rows = connection.execute(
        "select controller, cohort, pairs from incident.cohort_controller where incident = %(number)s"
        " and revision = (select max(revision) from incident.scope where incident = %(number)s)",
        {"number": number},
    )
    return [Exposed(InsurerId(insurer), cohort, pairs) for insurer, cohort, pairs in rows.fetchall()]


def told(connection: Connection, number: IncidentId, aware: datetime) -> tuple[list[Told], datetime | None]:
    """Pairs told by the operator's own messages; and when they were counted, if that was not now.

    What was kept is told as it was, though a list was made since, if its minutes count from `aware`.
    """
    kept = connection.execute(
        "select told, as_of from notice.counted where incident = %s and since = %s", (number, aware)
    ).fetchone()
    if kept is not None:
        return [Told(InsurerId(row[0]), *row[1:]) for row in kept[0]], kept[1]
    rows = connection.execute("select insurer, cohort, minute, pairs from notice.told(%s, %s)", (number, aware))
    return [
        Told(InsurerId(insurer), cohort, minute, pairs) for insurer, cohort, minute, pairs in rows.fetchall()
    ], None


def reported(connection: Connection, number: IncidentId, aware: datetime) -> list[Told]:
    """Pairs told as insurers reported last."""
    rows = connection.execute(
        "select r.insurer, c.hour, c.people from notice.told_count c join notice.report r on r.id = c.report"
        " where r.incident = %(number)s and r.id in (select distinct on (insurer) id from notice.report"
        " where incident = %(number)s order by insurer, at desc, id desc)",
        {"number": number},
    )
    return [
        # An hour is told by its end: nobody is said to be told before she was.
        Told(InsurerId(insurer), "", int((hour + timedelta(hours=1) - aware).total_seconds() // 60), people)
        for insurer, hour, people in rows.fetchall()
    ]


def since_reported(connection: Connection, number: IncidentId) -> dict[InsurerId, int]:
    """Pairs that each insurer's last report cannot tell of: added, or shown with other data, since its list."""
    rows = connection.execute(
        "select d.insurer, sum(d.added + d.changed)::bigint from incident.difference d join (select distinct on"
        " (insurer) insurer, revision from notice.report where incident = %(number)s"
        " order by insurer, at desc, id desc) r using (insurer)"
        " where d.incident = %(number)s and d.revision > r.revision group by d.insurer",
        {"number": number},
    )
    return {InsurerId(insurer): int(pairs) for insurer, pairs in rows.fetchall()}


def messages(connection: Connection, number: IncidentId) -> list[Messages]:
    """Messages of the newest audience, by channel and state."""
    rows = connection.execute(
        "select i.channel, i.state, count(*) from notice.item i where i.audience = (select id from notice.audience"
        " where incident = %s order by frozen_at desc, id desc limit 1) group by 1, 2 order by 1, 2",
        (number,),
    )
    return [Messages(*row) for row in rows.fetchall()]


def warned(connection: Connection, number: IncidentId) -> dict[InsurerId, tuple[datetime | None, datetime | None]]:
    """When each insurer was first sent a notice of this incident, and when it first acknowledged one."""
    rows = connection.execute(
        "select w.insurer, min(w.sent_at), (select min(a.at) from notice.acknowledgement a"
        " where a.incident = %(number)s and a.insurer = w.insurer)"
        " from notice.warning w where w.incident = %(number)s group by w.insurer",
        {"number": number},
    )
    return {InsurerId(insurer): (sent, acknowledged) for insurer, sent, acknowledged in rows.fetchall()}
