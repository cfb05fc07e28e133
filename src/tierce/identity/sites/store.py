"""Sessions of the office, the insurers' site and the persons' space in PostgreSQL, with their tickets and challenges.

Only digests are stored: of the handle, of what ties it to a key (`bound`), of each ticket and challenge.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from tierce.identity.sites.model import Renewed
from tierce.kernel.ids import InsurerId, PersonId, SessionId

Connection = AsyncConnection[TupleRow]


async def _one(connection: Connection, query: LiteralString, params: Iterable[Any]) -> TupleRow | None:
    cursor = await connection.execute(query, tuple(params))
    return await cursor.fetchone()


async def first_ticket(connection: Connection, session: SessionId, ticket: bytes) -> bool:
    """Give a session just opened its first ticket; False for one that had any, or that did not just open."""
    return await _one(connection, "select access.first_ticket(%s, %s)", (session, ticket)) == (True,)


async def ask_challenge(connection: Connection, handle: bytes, challenge: bytes) -> bool:
    """Keep what the browser of a live session is to sign; False when no live session has this handle."""
    return await _one(connection, "select access.ask_challenge(%s, %s)", (handle, challenge)) == (True,)


async def renew(connection: Connection, handle: bytes, challenge: bytes, bound: bytes, ticket: bytes) -> Renewed:
    """Use a challenge up, and give another ticket to whoever signed it with the session's key; end it for others."""
    row = await _one(connection, "select access.renew(%s, %s, %s, %s)", (handle, challenge, bound, ticket))
    assert row is not None, "a function always answers"
    return Renewed(row[0])


async def put_staff_session(
    connection: Connection,
    *,
    session: SessionId,
    handle: bytes,
    staff: int,
    subject: str,
    name: str,
    roles: Iterable[str],
    created: datetime,
    expires: datetime,
    bound: bytes,
) -> None:
    """Insert a session of a member of staff."""
    await connection.execute(
        "insert into access.staff_session (id, handle, staff, subject, name, roles, created, expires, bound)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (session, handle, staff, subject, name, sorted(roles), created, expires, bound),
    )


async def staff_session(connection: Connection, handle: bytes, ticket: bytes) -> TupleRow | None:
    """Read (id, staff, name, roles, whether this ticket of hers serves now, created, expires, revoked)."""
    return await _one(
        connection,
        "select id, staff, name, roles, access.ticket_serves(id, %s), created, expires, revoked"
        " from access.staff_session where handle = %s",
        (ticket, handle),
    )


async def put_person_session(
    connection: Connection,
    *,
    session: SessionId,
    handle: bytes,
    person: PersonId,
    created: datetime,
    expires: datetime,
    bound: bytes,
) -> None:
    """Insert a session of a person covered."""
    await connection.execute(
        "insert into access.person_session (id, handle, person, created, expires, bound)"
        " values (%s, %s, %s, %s, %s, %s)",
        (session, handle, person, created, expires, bound),
    )


async def person_session(connection: Connection, handle: bytes, ticket: bytes) -> TupleRow | None:
    """Read (id, person, whether this ticket of hers serves now, created, expires, revoked)."""
    return await _one(
        connection,
        "select id, person, access.ticket_serves(id, %s), created, expires, revoked"
        " from access.person_session where handle = %s",
        (ticket, handle),
    )


async def open_insurer_session(
    connection: Connection,
    *,
    door: bytes,
    session: SessionId,
    handle: bytes,
    staff: int,
    name: str,
    life: timedelta,
    bound: bytes,
) -> InsurerId | None:
    """Insert a session of the insurer whose door this is; None when it is nobody's."""
    row = await _one(
        connection,
        "select access.open_insurer_session(%s, %s, %s, %s, %s, %s, %s)",
        (door, session, handle, staff, name, life, bound),
    )
    return None if row is None or row[0] is None else InsurerId(row[0])


async def insurer_session(connection: Connection, handle: bytes, ticket: bytes) -> TupleRow | None:
    """Read (id, insurer, amc, its name, staff, her name, whether this ticket serves, created, expires, revoked)."""
    return await _one(
        connection,
        "select id, insurer, amc, insurer_name, staff, staff_name, access.ticket_serves(id, %s), created, expires,"
        " revoked from access.insurer_session(%s)",
        (ticket, handle),
    )


async def end_session(connection: Connection, handle: bytes) -> None:
    """End a session of this site."""
    await connection.execute("select access.end_own(%s, 'signed out')", (handle,))
