"""The ladder and sessions in PostgreSQL, as staff move them."""

from datetime import datetime, timedelta

from psycopg import Connection

from tierce.incidents.holds.model import Hindered, NamedAssistant, OpenSession, Order, OwnMail
from tierce.kernel.clock import date_of, micros, paris_day
from tierce.kernel.ids import AssistantId, DeviceId, ProfessionalId, SessionId, StaffId
from tierce.policy.ladder import Level

LOOK_BACK = timedelta(days=7)
SESSIONS_MAX = 50
ASSISTANTS_LISTED_MAX = 100
OWN_MAILS_LISTED_MAX = 12
"""On the page of the account; all of them have a page of their own."""


def login_of(connection: Connection, professional: ProfessionalId) -> int | None:
    """The number of an account's login; None when she has never signed in."""
    row = connection.execute("select id from access.login where professional = %s", (professional,)).fetchone()
    return None if row is None else int(row[0])


def devices_of(connection: Connection, professional: ProfessionalId) -> list[int]:
    """The devices of an account, the newest first; one that shares another's seats has sessions and no line."""
    rows = connection.execute(
        "select device from (select device, created_day from access.line where professional = %(one)s union all"
        " select device, (created at time zone 'Europe/Paris')::date - date '1970-01-01'"
        " from access.session where professional = %(one)s) used"
        " where device is not null group by device order by max(created_day) desc, device",
        {"one": professional},
    ).fetchall()
    return [int(device) for (device,) in rows]


def hindered(
    connection: Connection, professional: ProfessionalId, level: Level, subject: int, now: datetime
) -> Hindered:
    """Count who a hold would hinder: everybody on the device, or the account wherever it is used.

    And whoever was declared from there to stand in.
    """
    row = connection.execute(
        """
        with held as (
            select distinct professional from access.line where %(device)s and device = %(subject)s
            union select %(professional)s),
        declared as (
            select u.id, u.professional from directory.substitution u join held h on h.professional = u.replaces
            where u.ended_day is null and u.until_day >= %(today)s
              and case when %(device)s then u.device else u.login end = %(subject)s),
        open_now as (
            select count(*) as n from access.session s left join directory.activity t on t.id = s.activity
            where s.revoked is null and s.expires > %(now)s
              and s.professional in (select professional from held union all select professional from declared)
              and case when t.substitution in (select id from declared) then true
                  else s.professional in (select professional from held)
                       and (not %(device)s or s.device = %(subject)s) end),
        lines as (
            select get_byte(e.body, 4) as outcome from journal.entry e join held h using (professional)
            where e.kind in (1, 2, 3, 4) and journal.u64(e.body, 8) >= %(since)s
              and (not %(device)s or journal.u64(e.body, 40) = %(subject)s))
        select (select count(*) from held), (select count(distinct professional) from declared),
               (select n from open_now), count(*), count(*) filter (where outcome = 1)
        from lines""",
        {
            "device": level is Level.DEVICE,
            "subject": subject,
            "professional": professional,
            "now": now,
            "since": micros(now - LOOK_BACK),
            "today": paris_day(now),
        },
    ).fetchone()
    assert row is not None
    return Hindered(level, subject, *row)


def place(connection: Connection, number: int, order: Order, since: datetime, by: str) -> None:
    """Write a hold; the caller commits it with its line."""
    connection.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (number, order.level, order.subject, order.rung, since, since + order.last, by, order.reason),
    )


def lift(connection: Connection, number: int, staff: StaffId, by: str, why: str) -> bool:
    """Lift a live hold of an account or a device; False when there is none by this number."""
    row = connection.execute(
        "select access.lift(id, %s, %s, %s) from access.ladder where id = %s and level in (1, 2)",
        (staff, by, why, number),
    ).fetchone()
    return row is not None and bool(row[0])


def sessions(connection: Connection, professional: ProfessionalId, now: datetime) -> list[OpenSession]:
    """The sessions of an account, the newest first, those over included."""
    rows = connection.execute(
        "select s.id, s.device, t.name, s.created, coalesce(s.revoked, case when s.expires <= %s then"
        " s.expires end), s.assistant from access.session s left join directory.activity a on a.id = s.activity"
        " left join directory.establishment t on t.id = a.establishment where s.professional = %s"
        " order by s.created desc limit %s",
        (now, professional, SESSIONS_MAX),
    ).fetchall()
    return [OpenSession(SessionId(row[0]), None if row[1] is None else DeviceId(row[1]), *row[2:]) for row in rows]


def end_session(connection: Connection, session: SessionId, professional: ProfessionalId, at: datetime) -> bool:
    """End an open session of an account; False when it is not hers, or is over."""
    cursor = connection.execute(
        "update access.session set revoked = %s, revoked_why = 'staff'"
        " where id = %s and professional = %s and revoked is null and expires > %s",
        (at, session, professional, at),
    )
    return cursor.rowcount == 1


def assistants(connection: Connection, professional: ProfessionalId) -> list[NamedAssistant]:
    """The assistants of an account, those who are not ended first."""
    rows = connection.execute(
        "select x.id, x.given_name || ' ' || x.family_name, e.name, x.until_day, x.used, x.ended,"
        " nullif(x.ended_by, 'professional ' || x.professional)"
        " from access.assistant x join directory.establishment e on e.id = x.establishment"
        " where x.professional = %s order by x.ended is not null, x.ended desc, x.id desc limit %s",
        (professional, ASSISTANTS_LISTED_MAX),
    ).fetchall()
    return [
        NamedAssistant(AssistantId(number), name, place, date_of(until), used, ended, by)
        for number, name, place, until, used, ended, by in rows
    ]


def own_mails(
    connection: Connection, professional: ProfessionalId, at_most: int, behind: tuple[datetime, int] | None = None
) -> list[OwnMail]:
    """E-mails to a professional of who got in under her name, the newest first, behind one that was read."""
    rows = connection.execute(
        "select what, times, latest, coalesce(how, 'waits'), settled is not null from notice.own_mail"
        " where professional = %(her)s and account is null"
        " and (%(at)s::timestamptz is null or (latest, what) < (%(at)s, %(what)s::smallint))"
        " order by latest desc, what desc limit %(n)s",
        {
            "her": professional,
            "at": behind and behind[0],
            "what": behind and behind[1],
            "n": at_most,
        },
    ).fetchall()
    return [OwnMail(*row) for row in rows]


def end_assistant(
    connection: Connection, professional: ProfessionalId, number: AssistantId, by: str, why: str
) -> bool:
    """End an assistant of an account; False when she is none of its, or is over."""
    row = connection.execute(
        "select access.end_assistant_of(%s, %s, %s, %s)", (professional, number, by, why)
    ).fetchone()
    return row == (True,)
