"""Accounts in the database, each role by the functions and columns that it has (storage/sql/bank.sql)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, Connection

from tierce.billing.bank.model import (
    Account,
    AccountReason,
    AccountState,
    Confirmation,
    NumberFrom,
    Oddity,
    Origin,
    Own,
    Sealed,
    Seen,
    Stopped,
    Typed,
    masked,
)
from tierce.kernel.ids import StaffId
from tierce.kernel.saying import say_name
from tierce.notices.own.model import Told

Twice = tuple[bytes, bytes | None]
"""An account sealed to `billing`, and its copy (billing/bank/copying.py)."""


# What a professional's session does, by role tierce_api ------------------------------------------------------------


async def own(connection: AsyncConnection[Any], session: int) -> Own:
    """The accounts of a session's establishment, masked, and whether this session may ask for another."""
    cursor = await connection.execute(
        "select id, country, tail, holder, state, why, said, asked, due, since, ended, own from bank.own(%s)",
        (session,),
    )
    found = [
        Account(row[0], row[1], row[2], row[3], AccountState(row[4]), AccountReason(row[5]), *row[6:])
        for row in await cursor.fetchall()
    ]
    cursor = await connection.execute("select bank.stopped(%s)", (session,))
    row = await cursor.fetchone()
    why = row[0] if row and row[0] is not None else Stopped.NOT_MANAGER
    return Own(
        next((one for one in found if one.state is AccountState.IN_FORCE), None),
        next((one for one in found if one.under_way), None),
        tuple(one for one in found if one.ended is not None),
        Stopped(why) if why else None,
    )


async def under_way(connection: AsyncConnection[Any], session: int) -> str | None:
    """The account that is asked for at a session's establishment, masked; None when none is."""
    cursor = await connection.execute(
        "select country, tail from bank.own(%s) where state in (1, 2) limit 1", (session,)
    )
    row = await cursor.fetchone()
    return None if row is None else masked(row[0], row[1])


async def ask(
    connection: AsyncConnection[Any], session: int, number: int, sealed: Twice, typed: Typed, due: datetime
) -> Stopped | None:
    """Ask for another account; why not, or None when it was taken in."""
    cursor = await connection.execute(
        "select bank.ask(%s, %s, %s, %s, %s, %s, %s, %s)",
        (session, number, *sealed, typed.country, typed.tail, typed.holder, due),
    )
    row = await cursor.fetchone()
    assert row is not None, "the function always answers"
    return Stopped(row[0]) if row[0] else None


async def stop(connection: AsyncConnection[Any], session: int) -> tuple[int, AccountState] | None:
    """Take back or object to the ask under way at a session's establishment; None when there is none."""
    cursor = await connection.execute("select account, reached from bank.stop(%s)", (session,))
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], AccountState(row[1]))


# The operator's own file, by role tierce_feed ----------------------------------------------------------------------


def establishments(connection: Connection, numbers: Iterable[str]) -> dict[str, int]:
    """Internal numbers of the FINESS, SIRET or structure numbers that the directory knows."""
    wanted = list(numbers)
    rows = connection.execute(
        "select n.number, min(t.id) from unnest(%s::text[]) n(number) join directory.establishment t"
        " on t.place_key in ('F' || n.number, 'S' || n.number, 'T' || n.number) group by n.number"
        " having count(*) = 1",
        (wanted,),
    ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


def take(connection: Connection, establishment: int, number: int, sealed: Twice, typed: Typed, due: datetime) -> bool:
    """Take in an account that the operator collected; False when another ask is under way there."""
    row = connection.execute(
        "select bank.take(%s, %s, %s, %s, %s, %s, %s, %s)",
        (establishment, number, *sealed, typed.country, typed.tail, typed.holder, due),
    ).fetchone()
    assert row is not None, "the function always answers"
    return bool(row[0] == 0)


# Staff, by role tierce_office: masked, and never what is sealed ----------------------------------------------------

_SEEN: LiteralString = """
    select k.id, k.country, k.tail, k.holder, k.state, k.why, k.said, k.asked, k.due, k.since, k.ended,
           k.establishment, coalesce(t.finess, t.siret, t.structure, ''), t.name, t.town, k.origin, k.professional,
           p.given_name || ' ' || p.family_name, k.ended_by
    from bank.account k join directory.establishment t on t.id = k.establishment
    left join directory.professional p on p.id = k.professional"""


def _seen(row: tuple[Any, ...]) -> Seen:
    return Seen(
        Account(row[0], row[1], row[2], row[3], AccountState(row[4]), AccountReason(row[5]), *row[6:11]),
        row[11], row[12], row[13], row[14], Origin(row[15]), row[16], say_name(row[17]) if row[17] else None,
        row[18],
    )  # fmt: skip


def queue(connection: Connection, at_most: int) -> list[Seen]:
    """Asks under way, the first that may come into force first."""
    rows = connection.execute(_SEEN + " where k.state in (1, 2) order by k.due, k.id limit %s", (at_most,)).fetchall()
    return [_seen(row) for row in rows]


def seen(connection: Connection, number: int) -> Seen | None:
    """One account."""
    row = connection.execute(_SEEN + " where k.id = %s", (number,)).fetchone()
    return None if row is None else _seen(row)


def history(connection: Connection, establishment: int, at_most: int) -> list[Seen]:
    """Every account of an establishment, the newest ask first."""
    rows = connection.execute(
        _SEEN + " where k.establishment = %s order by k.asked desc, k.id limit %s", (establishment, at_most)
    ).fetchall()
    return [_seen(row) for row in rows]


def oddities(connection: Connection, number: int) -> tuple[tuple[Oddity, ...], int, bool]:
    """What is odd about an ask, how many must confirm it, and whether something suspends it."""
    row = connection.execute(
        "select bank.oddities(%s), bank.needed(%s), bank.suspended(%s)", (number, number, number)
    ).fetchone()
    assert row is not None, "the functions always answer"
    return tuple(Oddity(one) for one in row[0] or ()), row[1] or 0, bool(row[2])


def confirmations(connection: Connection, number: int) -> list[Confirmation]:
    """Who confirmed, in order."""
    rows = connection.execute(
        "select staff, name, number_from, spoken_with, said, at from bank.confirmation where account = %s"
        " order by at",
        (number,),
    ).fetchall()
    return [Confirmation(StaffId(row[0]), row[1], NumberFrom(row[2]), *row[3:]) for row in rows]


def told(connection: Connection, number: int) -> tuple[int, int]:
    """How many messages about an ask were to leave, and how many did."""
    row = connection.execute(
        "select count(*), count(*) filter (where how in ('sent', 'known')) from notice.own_mail"
        " where account = %s and what = %s",
        (number, Told.ASKED),
    ).fetchone()
    assert row is not None, "a count always answers"
    return int(row[0]), int(row[1])


def confirm(connection: Connection, number: int, given: Confirmation) -> bool:
    """Keep a confirmation; False when the ask waits no more, or she confirmed already."""
    row = connection.execute(
        "select bank.confirm(%s, %s, %s, %s::smallint, %s, %s)",
        (number, given.staff, given.name, given.number_from, given.spoken_with, given.said),
    ).fetchone()
    return bool(row and row[0])


def refuse(connection: Connection, number: int, name: str, said: str) -> bool:
    """Refuse an ask; False when it waits no more."""
    row = connection.execute("select bank.refuse(%s, %s, %s)", (number, name, said)).fetchone()
    return bool(row and row[0] is not None)


# The process `billing`, which opens --------------------------------------------------------------------------------


def asked(connection: Connection, after: int, at_most: int) -> list[Sealed]:
    """Asks that nobody has opened yet, by number."""
    rows = connection.execute(
        "select id, establishment, sealed, country, tail from bank.account where state = %s and id > %s"
        " order by id limit %s",
        (AccountState.ASKED, after, at_most),
    ).fetchall()
    return [Sealed(row[0], row[1], bytes(row[2]), row[3], row[4]) for row in rows]


def examined(connection: Connection, number: int, twin: UUID | None) -> AccountState | None:
    """Write what opening an ask found: the keyed number of its IBAN, or None when it is not what it said."""
    row = connection.execute("select bank.examined(%s, %s)", (number, twin)).fetchone()
    return AccountState(row[0]) if row and row[0] is not None else None


def ripe(connection: Connection, after: int, at_most: int) -> list[tuple[int, int]]:
    """Asks whose day has come, with their establishments; the rest is judged as each is put in force."""
    rows = connection.execute(
        "select id, establishment from bank.account where state = %s and due <= now() and id > %s"
        " order by id limit %s",
        (AccountState.WAITING, after, at_most),
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def put_in_force(connection: Connection, number: int) -> tuple[bool, int | None]:
    """Put an ask in force if nothing keeps it; whether it was, and the account that ended."""
    row = connection.execute("select done, replaced from bank.put_in_force(%s)", (number,)).fetchone()
    return (bool(row[0]), row[1]) if row else (False, None)


def sealed_after(connection: Connection, after: int, at_most: int) -> list[Sealed]:
    """The next accounts that are sealed, to any key, locked until this transaction ends."""
    rows = connection.execute(
        "select id, establishment, sealed, country, tail from bank.account where sealed is not null and id > %s"
        " order by id limit %s for update",
        (after, at_most),
    ).fetchall()
    return [Sealed(row[0], row[1], bytes(row[2]), row[3], row[4]) for row in rows]


def seal_again(connection: Connection, number: int, sealed: bytes, twin: UUID | None) -> None:
    """Replace what is sealed by the same sealed anew, and its keyed number where it had one."""
    connection.execute(
        "update bank.account set sealed = %s, twin = case when twin is null then null else %s end where id = %s",
        (sealed, twin, number),
    )
