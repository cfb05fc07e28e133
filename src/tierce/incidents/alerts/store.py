"""Other operators' alerts, as staff enter, read and set them aside; the worker counts them (watch/store.py)."""

from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.incidents.alerts.model import Alert, Sender, Standing
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.evidence import ACCUSED_DAYS
from tierce.policy.peer_alerts import ACCUSES, UNUSUAL_A_DAY, Confidence, Event

ALERTS_MAX = 100


def put(
    connection: Connection, number: int, professional: ProfessionalId, operator: str, at: datetime, by: str
) -> bool:
    """Keep an alert; False for who never signed in, or while one of that operator about her is in force."""
    cursor = connection.execute(
        'insert into access.alert (id, professional, operator, at, "by") select %(id)s, g.professional, %(operator)s,'
        " %(at)s, %(by)s from access.login g where g.professional = %(professional)s and not exists (select from"
        " access.alert a where a.professional = g.professional and lower(a.operator) = lower(%(operator)s)"
        " and a.ended is null and a.at > %(since)s)",
        {
            "id": number, "professional": professional, "operator": operator, "at": at, "by": by,
            "since": at - timedelta(days=ACCUSED_DAYS),
        },
    )  # fmt: skip
    return cursor.rowcount == 1


_ALERT: LiteralString = """
    select a.id, a.professional, p.given_name || ' ' || p.family_name, a.operator, a.at, a."by", a.event, a.since,
           a.until, a.confidence, a.ended, a.ended_by, a.ended_why,
           (select count(*) from access.line l join access.accused k on k.source = a.id # l.id
            where l.professional = a.professional)
    from access.alert a join directory.professional p on p.id = a.professional"""


def latest(connection: Connection, now: datetime) -> list[Alert]:
    """The last alerts, the newest first."""
    rows = connection.execute(f"{_ALERT} order by a.at desc, a.id limit %s", (ALERTS_MAX,)).fetchall()
    return [_alert(row, now) for row in rows]


def about(connection: Connection, professional: ProfessionalId, now: datetime) -> list[Alert]:
    """The alerts about one professional, the newest first."""
    rows = connection.execute(
        f"{_ALERT} where a.professional = %s order by a.at desc, a.id limit %s", (professional, ALERTS_MAX)
    ).fetchall()
    return [_alert(row, now) for row in rows]


def _alert(row: TupleRow, now: datetime) -> Alert:
    number, professional, name, operator, at, by, event, since, until, confidence = row[:10]
    ended, ended_by, why, devices = row[10:]
    if ended is not None:
        standing = Standing.SET_ASIDE if ended_by else Standing.TAKEN_BACK
    elif at <= now - timedelta(days=ACCUSED_DAYS):
        standing = Standing.OVER
    else:
        standing = Standing.COUNTS if devices else Standing.WAITS
    return Alert(
        number, ProfessionalId(professional), say_name(name), operator, at, by,
        None if event is None else Event(event), since, until, Confidence(confidence), ended, ended_by or "",
        why or "", devices, standing,
    )  # fmt: skip


def set_aside(connection: Connection, number: int, at: datetime, by: str, why: str) -> bool:
    """Set an alert aside; False when there is none of that number in force."""
    cursor = connection.execute(
        "update access.alert set ended = %s, ended_by = %s, ended_why = %s where id = %s and ended is null",
        (at, by, why, number),
    )
    return cursor.rowcount == 1


def senders(connection: Connection, today: datetime) -> list[Sender]:
    """The operators whose programs may send alerts, and those that did today."""
    rows = connection.execute(
        "select p.name, p.ended, count(s.jti) filter (where s.event = any(%(accuses)s)),"
        " count(s.jti) filter (where s.event = any(%(accuses)s) and not s.known),"
        " count(s.jti) filter (where s.event <> all(%(accuses)s))"
        " from access.alert_peer p left join access.peer_set s on s.peer = p.id and s.at >= %(today)s"
        " group by p.id having p.ended is null or count(s.jti) > 0 order by p.id",
        {"accuses": sorted(ACCUSES), "today": today},
    ).fetchall()
    return [Sender(*row) for row in rows]


def unusual(connection: Connection, today: datetime) -> int:
    """How many operators sent an unusual number of alerts today."""
    row = connection.execute(
        "select count(*) from (select from access.peer_set where at >= %s and event = any(%s) group by peer"
        " having count(*) >= %s) many",
        (today, sorted(ACCUSES), UNUSUAL_A_DAY),
    ).fetchone()
    assert row is not None
    return int(row[0])
