"""Sign-ins and sessions in PostgreSQL. Only digests of what a browser holds are stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import ProgramLimitExceeded
from psycopg.rows import TupleRow

from tierce.identity.errors import ProofReason, SignInReason, SignInRefusedError
from tierce.identity.model import Activity, ProfessionalIdentity, SessionRow, SessionState, SoftwareClient
from tierce.identity.oidc import Pending, Realm
from tierce.kernel.care import Profession
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    LineId,
    LoginId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
    new_id,
)

Connection = AsyncConnection[TupleRow]
SESSIONS_LISTED_MAX = 50

_ACTIVITY: LiteralString = """
    select a.id, a.profession, a.establishment, e.name, e.town
    from directory.activity a join directory.establishment e on e.id = a.establishment"""


async def _one(connection: Connection, query: LiteralString, params: Iterable[Any]) -> TupleRow | None:
    cursor = await connection.execute(query, tuple(params))
    return await cursor.fetchone()


async def put_pending(connection: Connection, pending: Pending) -> None:
    """Remember a sign-in under way, in the realm of this connection's role."""
    await connection.execute(
        "select access.put_pending(%s, %s, %s, %s, %s, %s, %s)",
        (
            pending.state,
            pending.binding,
            pending.nonce,
            pending.verifier,
            pending.return_to,
            pending.created,
            pending.thumbprint,
        ),
    )


async def take_pending(connection: Connection, state: bytes) -> Pending | None:
    """Find a sign-in of this site under way and forget it in the same statement: an answer serves once."""
    row = await _one(
        connection,
        "select realm, binding, nonce, verifier, return_to, created, thumbprint from access.take_pending(%s)",
        (state,),
    )
    if row is None:
        return None
    realm, binding, nonce, verifier, return_to, created, key = row
    thumbprint = None if key is None else bytes(key)
    return Pending(state, Realm(realm), bytes(binding), nonce, verifier, return_to, created, thumbprint)


async def put_vouched(
    connection: Connection, session: SessionId, sid: bytes | None, sub: bytes, hint: bytes | None
) -> bool:
    """Keep how the provider names a session, and its subject; False when it said before that it is over."""
    return await _one(connection, "select access.put_vouched(%s, %s, %s, %s)", (session, sid, sub, hint)) == (True,)


async def take_hint(connection: Connection, handle: bytes) -> bytes | None:
    """What was sealed to a session's handle for its provider, once."""
    row = await _one(connection, "select access.take_hint(%s)", (handle,))
    return None if row is None or row[0] is None else bytes(row[0])


async def end_vouched(
    connection: Connection, jti: bytes, sid: bytes | None, sub: bytes | None
) -> list[SessionId] | None:
    """End the sessions of this site that a provider says are over; None when this token served before."""
    row = await _one(connection, "select access.end_vouched(%s, %s, %s)", (jti, sid, sub))
    return None if row is None or row[0] is None else [SessionId(one) for one in row[0]]


async def handle_of(connection: Connection, session: SessionId) -> bytes:
    """What is stored of a session's handle."""
    row = await _one(connection, "select handle from access.session where id = %s", (session,))
    assert row is not None, "asked of a session that is there"
    return bytes(row[0])


async def professional_by_national_id(connection: Connection, national_id: str) -> ProfessionalId | None:
    """Find an active professional of the directory."""
    row = await _one(
        connection,
        "select id from directory.professional where national_id = %s and active",
        (national_id,),
    )
    return None if row is None else ProfessionalId(row[0])


async def professional_name(connection: Connection, professional: ProfessionalId) -> str:
    """Name a professional as the directory does, given name first; empty when she has left it."""
    row = await _one(
        connection, "select given_name, family_name from directory.professional where id = %s", (professional,)
    )
    return " ".join(row) if row else ""


def activity_of(row: tuple[Any, ...]) -> Activity:
    """An activity from the five columns by which each statement here reads one."""
    return Activity(ActivityId(row[0]), Profession(row[1]), EstablishmentId(row[2]), row[3], row[4])


_PLACES: LiteralString = "select coalesce(array_agg(e.id), '{}') from directory.establishment e where "
_VOUCHED: LiteralString = (
    "(e.finess = any(%(places)s) or e.siret = any(%(places)s) or e.place_key = any(%(structures)s))"
)
"""A place that the provider told of; by the directory's own number where the place has no other."""


def _vouched(said: ProfessionalIdentity) -> dict[str, list[str]]:
    return {"places": list(said.places), "structures": [f"T{one}" for one in said.structures]}


async def activities_at(
    connection: Connection, professional: ProfessionalId, said: ProfessionalIdentity, today: int
) -> list[Activity]:
    """List what a professional may choose today: enrolled activities at the places told of, and substitutions.

    A provider cannot vouch for the place of a substitution: the professional replaced, or staff, declared it.
    """
    cursor = await connection.execute(
        _ACTIVITY
        + """ where a.professional = %(professional)s and a.active
        and %(today)s between a.from_day and a.until_day
        and (a.substitution is not null or """
        + _VOUCHED
        + ") order by a.id",
        {"professional": professional, "today": today, **_vouched(said)},
    )
    return [activity_of(row) for row in await cursor.fetchall()]


async def apply_at(
    connection: Connection, professional: ProfessionalId, said: ProfessionalIdentity
) -> tuple[list[EstablishmentId], bool]:
    """Note an application at each listed place that has none yet; those new, and whether any place knows her."""
    cursor = await connection.execute(
        _PLACES + _VOUCHED,
        _vouched(said),
    )
    row = await cursor.fetchone()
    found = row[0] if row else []
    made = await _one(connection, "select directory.apply(%s, %s)", (professional, found))
    known = await _one(
        connection,
        "select exists (select from directory.enrolment where professional = %s and establishment = any(%s))",
        (professional, found),
    )
    assert made is not None, "a function always answers"
    assert known is not None, "exists always answers"
    return [EstablishmentId(one) for one in made[0]], bool(known[0])


async def brings_nobody(connection: Connection, session: SessionId) -> bool:
    """Tell whether a hold keeps the session from bringing somebody else in."""
    return await _one(connection, "select access.brings_nobody(%s)", (session,)) == (True,)


async def too_new(connection: Connection, session: SessionId) -> bool:
    """Tell whether the session's device is too new to let anybody in."""
    return await _one(connection, "select access.too_new(%s)", (session,)) == (True,)


async def declare_substitute(
    connection: Connection, session: SessionId, substitute: ProfessionalId, first: int, last: int
) -> int | None:
    """Declare a substitute of the session's professional; its number, None when bounds or session forbid it."""
    row = await _one(
        connection, "select directory.declare_substitute(%s, %s, %s, %s)", (session, substitute, first, last)
    )
    return None if row is None or row[0] is None else int(row[0])


async def end_substitute(connection: Connection, number: int, session: SessionId, by: str) -> bool:
    """End a substitution of the session's professional, on either side; False when it is not hers or was over."""
    row = await _one(connection, "select directory.end_substitution(%s, %s, %s)", (number, session, by))
    return row is not None and bool(row[0])


async def enrol_by_manager(
    connection: Connection, session: SessionId, colleague: ProfessionalId, reason: str
) -> bool:
    """Enrol a colleague who applied at the establishment that the session's professional manages; False: refused."""
    row = await _one(connection, "select directory.enrol_by_manager(%s, %s, %s)", (session, colleague, reason))
    return row is not None and bool(row[0])


async def activities(connection: Connection, wanted: Sequence[ActivityId], today: int) -> list[Activity]:
    """Read those of some activities that may be used today."""
    cursor = await connection.execute(
        _ACTIVITY + " where a.id = any(%s) and a.active and %s between a.from_day and a.until_day order by a.id",
        (list(wanted), today),
    )
    return [activity_of(row) for row in await cursor.fetchall()]


async def login_of(connection: Connection, professional: ProfessionalId, now: datetime) -> LoginId:
    """Find or create the one login of a professional."""
    await connection.execute(
        "insert into access.login (id, professional, created) values (%s, %s, %s)"
        " on conflict (professional) do nothing",
        (new_id(), professional, now),
    )
    row = await _one(connection, "select id from access.login where professional = %s", (professional,))
    assert row is not None, "the login was just made or found"
    return LoginId(row[0])


async def device_of(connection: Connection, thumbprint: bytes, now: datetime) -> DeviceId:
    """Find or create the device that a key's thumbprint names."""
    await connection.execute(
        "insert into access.device (id, thumbprint, created) values (%s, %s, %s) on conflict (thumbprint) do nothing",
        (new_id(), thumbprint, now),
    )
    row = await _one(connection, "select id from access.device where thumbprint = %s", (thumbprint,))
    assert row is not None, "the device was just made or found"
    return DeviceId(row[0])


async def line_of(
    connection: Connection, login: LoginId, device: DeviceId, profession: Profession, opening: bytes
) -> tuple[LineId, bool]:
    """Find or create the line of seats of a login on a device; also tells whether it is new."""
    fresh = new_id()
    row = await _one(
        connection,
        "select access.line_of(%s, %s, %s::smallint, %s, %s)",
        (login, device, profession.value, fresh, opening),
    )
    assert row is not None, "the function always answers"
    return LineId(row[0]), row[0] == fresh


async def put_session(connection: Connection, state: SessionState, handle: bytes, offered: list[ActivityId]) -> None:
    """Insert a session whose activity is not chosen yet."""
    await connection.execute(
        "insert into access.session"
        " (id, handle, site, login, professional, acr, offered, device, software, network, created, expires)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (state.id, handle, state.site.value, state.login, state.professional, state.level, offered, state.device,
         state.software, state.network, state.created, state.expires),
    )  # fmt: skip


async def vendor_of(connection: Connection, software: SoftwareId) -> VendorId | None:
    """Find who makes a piece of software of the directory."""
    row = await _one(connection, "select vendor from directory.software where id = %s", (software,))
    return None if row is None else VendorId(row[0])


async def software_client(connection: Connection, client_id: str) -> SoftwareClient | None:
    """Find a registered piece of software by its name."""
    row = await _one(
        connection, "select software, jwks, azp from access.client where id = %s and ended is null", (client_id,)
    )
    return None if row is None else SoftwareClient(client_id, SoftwareId(row[0]), row[1], frozenset(row[2]))


async def bind_session(connection: Connection, session: SessionId, chosen: ActivityId, line: LineId) -> bool:
    """Bind a session to an activity, once, and make known the lines it will draw on; False when it was bound."""
    cursor = await connection.execute(
        "update access.session set activity = %s, line = %s where id = %s and activity is null",
        (chosen, line, session),
    )
    if cursor.rowcount != 1:
        return False
    await connection.execute("select access.join_lines(%s)", (session,))
    return True


async def sessions_of(connection: Connection, state: SessionState, now: datetime) -> list[SessionRow]:
    """List the live sessions of a professional, newest first; to an assistant, her own."""
    cursor = await connection.execute(
        "select s.id, s.device, n.name, e.name, s.created, coalesce(s.used, s.created), s.expires,"
        " access.assistant_name(s.id) from access.session s"
        " left join directory.activity a on a.id = s.activity"
        " left join directory.establishment e on e.id = a.establishment"
        " left join access.device_name n on n.login = s.login and n.device = s.device"
        " where s.professional = %s and s.assistant is not distinct from coalesce(%s, s.assistant)"
        " and s.revoked is null and s.expires > %s order by s.created desc, s.id limit %s",
        (state.professional, state.assistant, now, SESSIONS_LISTED_MAX),
    )
    return [
        SessionRow(SessionId(number), device, name, place, created, used, expires, number == state.id, who)
        for number, device, name, place, created, used, expires, who in await cursor.fetchall()
    ]


async def devices_of(connection: Connection, state: SessionState, now: datetime) -> list[TupleRow]:
    """List the devices of a professional's sessions, last used first; to an assistant, those of her own.

    Each: device, name, thumbprint, first and last use, sessions open now, states of its lines, whether it continues.
    """
    cursor = await connection.execute(
        "select s.device, n.name, d.thumbprint, min(s.created), max(coalesce(s.used, s.created)),"
        " count(*) filter (where s.revoked is null and s.expires > %s), array_agg(distinct l.state),"
        " exists (select from access.continued k where k.device = s.device and k.login = any(array_agg(s.login)))"
        " from access.session s join access.device d on d.id = s.device"
        " left join access.line l on l.id = s.line"
        " left join access.device_name n on n.login = s.login and n.device = s.device"
        " where s.professional = %s and s.assistant is not distinct from coalesce(%s, s.assistant)"
        " and s.activity is not null group by s.device, n.name, d.thumbprint order by 5 desc, 1 limit %s",
        (now, state.professional, state.assistant, SESSIONS_LISTED_MAX),
    )
    return await cursor.fetchall()


async def other_key_of(connection: Connection, state: SessionState, since: datetime) -> datetime | None:
    """When a key that was not its own last signed for a session of a professional, or of an assistant's own."""
    row = await _one(
        connection,
        "select max(revoked) from access.session where professional = %s and created > %s"
        " and assistant is not distinct from coalesce(%s, assistant) and revoked_why = 'other key'",
        (state.professional, since, state.assistant),
    )
    return None if row is None else row[0]


async def substitutes_of(
    connection: Connection, professional: ProfessionalId, today: int
) -> list[tuple[int, str, str, int, int]]:
    """List who may work in a professional's place, and was not ended: number, name, place, first and last day."""
    cursor = await connection.execute(
        "select b.id, p.given_name || ' ' || p.family_name, e.name, b.from_day, b.until_day"
        " from directory.substitution b join directory.professional p on p.id = b.professional"
        " join directory.establishment e on e.id = b.establishment"
        " where b.replaces = %s and b.ended_day is null and b.until_day >= %s order by b.from_day, b.id limit %s",
        (professional, today, SESSIONS_LISTED_MAX),
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in await cursor.fetchall()]


async def name_device(connection: Connection, login: LoginId, device: DeviceId, name: str, now: datetime) -> bool:
    """Name a device that a session of this login used; False when none did."""
    cursor = await connection.execute(
        "insert into access.device_name (login, device, name, named)"
        " select g.id, %s, %s, %s from access.login g where g.id = %s and exists (select from access.session s"
        " where s.professional = g.professional and s.login = g.id and s.device = %s)"
        " on conflict (login, device) do update set name = excluded.name, named = excluded.named",
        (device, name, now, login, device),
    )
    return cursor.rowcount == 1


async def revoke(
    connection: Connection,
    session: SessionId,
    state: SessionState,
    now: datetime,
    why: str,
    *,
    others: bool = False,
) -> list[SessionId]:
    """End one of a professional's, or an assistant's, live sessions, or all `others` of hers; those it ended."""
    cursor = await connection.execute(
        "update access.session set revoked = %s, revoked_why = %s where professional = %s and (id = %s) <> %s"
        " and assistant is not distinct from coalesce(%s, assistant) and revoked is null and expires > %s"
        " returning id",
        (now, why, state.professional, session, others, state.assistant, now),
    )
    return [SessionId(row[0]) for row in await cursor.fetchall()]


async def use_proof(connection: Connection, once: bytes, made: float) -> ProofReason | None:
    """Use a proof up, committed whatever follows: call it first. Why it does not serve (a crash forgets what was)."""
    row = await _one(connection, "select %s < access.proofs_since(), access.use_proof(%s)", (made, UUID(bytes=once)))
    await connection.commit()
    assert row is not None, "functions always answer"
    return ProofReason.ISSUED if row[0] else None if row[1] else ProofReason.REPLAYED


async def persons_with_traits(connection: Connection, idx: UUID) -> list[PersonId]:
    """List at most three people who have all the traits: more than one is enough to refuse.

    Raises:
        SignInRefusedError: too many people were looked for today.
    """
    try:
        cursor = await connection.execute("select gate.person_by_traits(%s)", (idx,))
    except ProgramLimitExceeded:
        raise SignInRefusedError(SignInReason.TOO_MANY_TODAY) from None
    return [PersonId(row[0]) for row in await cursor.fetchall()]


async def sealed_copies(connection: Connection, handle: bytes) -> list[tuple[InsurerId, PersonId, bytes]]:
    """Every insurer's sealed copy of the person whose session has this handle, once its opening is committed.

    Raises:
        SignInRefusedError: too many spaces were opened today.
    """
    try:
        cursor = await connection.execute("select insurer, person, sealed from gate.person_self(%s)", (handle,))
    except ProgramLimitExceeded:
        raise SignInRefusedError(SignInReason.TOO_MANY_TODAY) from None
    return [(InsurerId(row[0]), PersonId(row[1]), bytes(row[2])) for row in await cursor.fetchall()]
