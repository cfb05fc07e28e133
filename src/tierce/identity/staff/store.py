"""Sessions of the operator's staff in PostgreSQL, read and ended under role tierce_office."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.kernel.ids import SessionId


@dataclass(frozen=True, slots=True)
class OpenStaffSession:
    """One live session; `subject` is the name that the operator's provider gives."""

    id: SessionId
    subject: str
    name: str
    roles: list[str]
    created: datetime
    expires: datetime


def live(connection: Connection, now: datetime) -> list[OpenStaffSession]:
    """Every session that is open now, the newest first."""
    rows = connection.execute(
        "select id, subject, name, roles, created, expires from access.staff_session"
        " where revoked is null and expires > %s order by created desc",
        (now,),
    )
    return [OpenStaffSession(SessionId(number), *rest) for number, *rest in rows]


def end_every(connection: Connection, subject: str, now: datetime) -> list[SessionId]:
    """End every open session of one member of staff; the sessions that this ended."""
    rows = connection.execute(
        "update access.staff_session set revoked = %s"
        " where subject = %s and revoked is null and expires > %s returning id",
        (now, subject, now),
    )
    return [SessionId(number) for (number,) in rows]


def end_insurer(connection: Connection, amc: str, now: datetime) -> list[SessionId]:
    """End every open session of one insurer's staff; the sessions that this ended."""
    rows = connection.execute(
        "update access.insurer_session set revoked = %s where revoked is null and expires > %s"
        " and insurer = (select i.id from registry.insurer i where i.amc = %s) returning id",
        (now, now, amc),
    )
    return [SessionId(number) for (number,) in rows]
