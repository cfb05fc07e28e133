"""Codes and continued lines, through functions of the database that check the sessions again."""

from typing import NamedTuple

from tierce.identity.store import Connection
from tierce.kernel.ids import DeviceId, SessionId


class Continued(NamedTuple):
    """What `access.continue_line` answered: 0 and the device, or the number of what stopped it."""

    stopped: int
    device: DeviceId


async def leave_code(connection: Connection, session: SessionId, digest: bytes) -> bool:
    """Leave a code's digest for this session's device; False when the device is not new."""
    cursor = await connection.execute("select access.leave_code(%s, %s)", (session, digest))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def codes_waiting(connection: Connection, session: SessionId) -> dict[bytes, SessionId]:
    """Codes' digests of the other sessions of this session's login, each with its session."""
    cursor = await connection.execute("select session, code from access.codes_waiting(%s)", (session,))
    return {bytes(code): SessionId(of) for of, code in await cursor.fetchall()}


async def continue_line(connection: Connection, session: SessionId, new_session: SessionId) -> Continued:
    """Let the device of `new_session` draw on this session's line."""
    cursor = await connection.execute(
        "select stopped, continued from access.continue_line(%s, %s)", (session, new_session)
    )
    row = await cursor.fetchone()
    assert row is not None, "the function always answers"
    return Continued(row[0], DeviceId(row[1] or 0))


async def separate(connection: Connection, session: SessionId, device: DeviceId) -> bool:
    """Take a device off the line that it continued; False when it continued none of this login's."""
    cursor = await connection.execute("select access.separate(%s, %s)", (session, device))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
