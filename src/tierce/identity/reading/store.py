"""Sessions of professionals, read many at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from psycopg.rows import TupleRow

from tierce.identity.model import SessionState
from tierce.identity.store import Connection, activity_of
from tierce.kernel.ids import (
    ActivityId,
    AssistantId,
    DeviceId,
    LineId,
    LoginId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Lane, Site
from tierce.policy.ladder import Rung

Found = tuple[SessionState, datetime | None, list[ActivityId]]
"""A session: its state, since when it is over before its time, and the activities it may be bound to."""
After = tuple[datetime, SessionId]
"""A place in the order of sessions: when one was opened, and its number."""

# A session is over with what it acts under: its asks are refused, and nothing else of the place is hers either.
_SESSION: LiteralString = """
    select s.id, s.site, s.login, s.professional, s.acr, s.device, s.line, d.thumbprint, s.software, w.vendor,
           s.network, s.created, s.expires,
           coalesce(s.revoked, case when not (
               a.active and (now() at time zone 'Europe/Paris')::date - date '1970-01-01'
                   between a.from_day and a.until_day) then now() end),
           s.offered,
           a.id, a.profession, a.establishment, e.name, e.town, w.bulk, coalesce(s.used, s.created), s.handle,
           s.assistant
    from access.session s
    join directory.software w on w.id = s.software
    left join access.device d on d.id = s.device
    left join directory.activity a on a.id = s.activity
    left join directory.establishment e on e.id = a.establishment"""
_BY_HANDLE: LiteralString = _SESSION + " where s.handle = any(%s)"
_LIVE: LiteralString = """
    select handle, created, id from access.session
    where (created, id) > (%s, %s) and revoked is null and expires > %s
      and activity is not null and device is not null and line is not null
    order by created, id limit %s"""


async def session_by_handle(connection: Connection, handle: bytes) -> Found | None:
    """Read one session."""
    return (await sessions_by_handle(connection, [handle])).get(handle)


async def sessions_by_handle(connection: Connection, handles: Sequence[bytes]) -> dict[bytes, Found]:
    """Read sessions, each by its handle's digest; those that do not exist are left out."""
    cursor = await connection.execute(_BY_HANDLE, (list(handles),), binary=True)
    return _found(await cursor.fetchall())


async def is_suspended(connection: Connection, session: SessionId) -> bool:
    """Whether the account under which a session acts is suspended (policy/ladder.py), by whatever device it came."""
    cursor = await connection.execute(
        "select exists (select from access.session s left join directory.activity t on t.id = s.activity"
        " left join directory.substitution u on u.id = t.substitution"
        " join access.ladder h on h.rung >= %s and h.lifted is null and h.until > now()"
        "  and (h.level, h.subject) in ((1, s.login), (2, s.device), (1, u.login), (2, u.device)) where s.id = %s)",
        (Rung.SUSPENDED, session),
    )
    return await cursor.fetchone() == (True,)


async def may_read(connection: Connection, handle: bytes, ticket: bytes) -> bool:
    """Whether a handle and a ticket, by their digests, read what is their session's own (`access.may_read`)."""
    cursor = await connection.execute("select access.may_read(%s, %s)", (handle, ticket))
    return await cursor.fetchone() == (True,)


async def live_handles(connection: Connection, after: After, now: datetime, most: int) -> list[tuple[bytes, After]]:
    """Read the digests of the handles of sessions that serve, in the order in which they were opened."""
    cursor = await connection.execute(_LIVE, (*after, now, most), binary=True)
    return [(bytes(row[0]), (row[1], SessionId(row[2]))) for row in await cursor.fetchall()]


def _found(rows: Sequence[TupleRow]) -> dict[bytes, Found]:
    return {bytes(row[22]): (_session(row), row[13], [ActivityId(one) for one in row[14]]) for row in rows}


def _session(row: TupleRow) -> SessionState:
    return SessionState(
        id=SessionId(row[0]),
        site=Site(row[1]),
        login=LoginId(row[2]),
        professional=ProfessionalId(row[3]),
        level=row[4],
        activity=None if row[15] is None else activity_of(row[15:20]),
        device=None if row[5] is None else DeviceId(row[5]),
        line=None if row[6] is None else LineId(row[6]),
        thumbprint=None if row[7] is None else bytes(row[7]),
        software=SoftwareId(row[8]),
        vendor=VendorId(row[9]),
        network=bytes(row[10]),
        created=row[11],
        used=row[21],
        expires=row[12],
        lane=Lane.BULK if row[20] else Lane.INTERACTIVE,
        assistant=None if row[23] is None else AssistantId(row[23]),
    )


async def slide(connection: Connection, ends: Mapping[SessionId, datetime], used: datetime) -> set[SessionId]:
    """Push sessions' ends away, because they were used, but no further than they may last; those that still live."""
    cursor = await connection.execute(
        "update access.session s set expires = greatest(s.expires, least(u.expires, s.latest)), used = %s"
        " from unnest(%s::bigint[], %s::timestamptz[]) u(id, expires)"
        " where s.id = u.id and s.revoked is null and s.expires > now() returning s.id",
        (used, list(ends), list(ends.values())),
    )
    return {SessionId(row[0]) for row in await cursor.fetchall()}
