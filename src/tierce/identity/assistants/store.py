"""Assistants in PostgreSQL, through functions that check the session or the code again; no table is read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import TupleRow

from tierce.identity.assistants.model import AssistantRow, Kept, Signer, Stopped
from tierce.identity.store import Connection
from tierce.kernel.clock import date_of
from tierce.kernel.ids import AssistantId, DeviceId, EstablishmentId, ProfessionalId, SessionId, SoftwareId
from tierce.policy.acts import Site


async def _one(connection: Connection, query: LiteralString, params: Iterable[Any]) -> TupleRow | None:
    cursor = await connection.execute(query, tuple(params))
    return await cursor.fetchone()


async def name(
    connection: Connection,
    session: SessionId,
    *,
    family: str,
    given: str,
    handle: bytes,
    last: int,
    code: bytes,
) -> tuple[Stopped, AssistantId]:
    """Name an assistant for the session's place; what stopped it, or her number."""
    row = await _one(
        connection,
        "select stopped, number from access.name_assistant(%s, %s, %s, %s, %s, %s)",
        (session, family, given, handle, last, code),
    )
    assert row is not None, "the function always answers"
    return Stopped(row[0]), AssistantId(row[1] or 0)


async def renew_code(connection: Connection, session: SessionId, number: AssistantId, code: bytes) -> Stopped:
    """Leave another code for an assistant; what stopped it."""
    row = await _one(connection, "select access.renew_code(%s, %s, %s)", (session, number, code))
    assert row is not None, "the function always answers"
    return Stopped(row[0])


async def end(connection: Connection, session: SessionId, number: AssistantId) -> bool:
    """End an assistant of the session's professional; False when it is none of hers, or over."""
    row = await _one(connection, "select access.end_assistant(%s, %s)", (session, number))
    return row == (True,)


async def list_of(connection: Connection, session: SessionId) -> list[AssistantRow]:
    """List whom the session's professional has named and who may still sign in."""
    cursor = await connection.execute(
        "select number, family_name, given_name, place, until_day, created, let_in, used, passkeys, here"
        " from access.assistants_of(%s)",
        (session,),
    )
    return [
        AssistantRow(AssistantId(number), family, given, place, date_of(until), created, let_in, used, passkeys, here)
        for number, family, given, place, until, created, let_in, used, passkeys, here in await cursor.fetchall()
    ]


async def name_of(connection: Connection, session: SessionId) -> str | None:
    """Who an assistant's session is of; None of a professional's own."""
    row = await _one(connection, "select access.assistant_name(%s)", (session,))
    return None if row is None or row[0] is None else str(row[0])


async def leave_challenge(connection: Connection, challenge: bytes, binding: bytes, thumbprint: bytes) -> None:
    """Leave the challenge of a sign-in, for the browser whose key this is."""
    await connection.execute("select access.leave_challenge(%s, %s, %s)", (challenge, binding, thumbprint))


async def begin_passkey(
    connection: Connection, *, code: bytes, network: bytes, challenge: bytes, binding: bytes
) -> TupleRow | None:
    """Leave a passkey's challenge: (on the network, handle, family name, given name, place, passkeys), or None."""
    return await _one(
        connection,
        "select on_network, handle, family_name, given_name, place, has from access.begin_passkey(%s, %s, %s, %s)",
        (code, network, challenge, binding),
    )


async def take_challenge(
    connection: Connection, challenge: bytes, binding: bytes
) -> tuple[AssistantId | None, bytes, bytes] | None:
    """Use a challenge up, whatever follows: of whom, by which code or key; None: another browser's, or too old."""
    row = await _one(
        connection, "select assistant, code, thumbprint from access.take_challenge(%s, %s)", (challenge, binding)
    )
    await connection.commit()
    if row is None:
        return None
    return None if row[0] is None else AssistantId(row[0]), bytes(row[1] or b""), bytes(row[2] or b"")


async def keep_passkey(
    connection: Connection, number: AssistantId, code: bytes, *, credential: bytes, public_key: bytes, counter: int
) -> Kept | None:
    """Keep a passkey and use its code up; None when it may not be kept any more."""
    row = await _one(
        connection,
        "select professional, establishment, given_name, place from access.keep_passkey(%s, %s, %s, %s, %s)",
        (number, code, credential, public_key, counter),
    )
    return None if row is None else Kept(ProfessionalId(row[0]), EstablishmentId(row[1]), row[2], row[3])


async def passkey_of(connection: Connection, credential: bytes) -> Signer | None:
    """What verifies a passkey's signature."""
    row = await _one(connection, "select public_key, counter, handle from access.passkey_of(%s)", (credential,))
    return None if row is None else Signer(bytes(row[0]), row[1], bytes(row[2]))


async def open_session(
    connection: Connection,
    *,
    credential: bytes,
    counter: int,
    session: SessionId,
    handle: bytes,
    site: Site,
    software: SoftwareId,
    network: bytes,
    ends: datetime,
    device: DeviceId,
) -> AssistantId | None:
    """Open the session of whoever signed with a passkey; None when she may not sign in today."""
    row = await _one(
        connection,
        "select access.open_assistant_session(%s, %s, %s, %s, %s::smallint, %s, %s, %s, %s)",
        (credential, counter, session, handle, site.value, software, network, ends, device),
    )
    return None if row is None or row[0] is None else AssistantId(row[0])
