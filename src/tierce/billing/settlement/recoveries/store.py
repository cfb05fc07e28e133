"""Recoveries in the database, each role by what it has (storage/sql/recoveries.sql)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, Connection

from tierce.billing.settlement.recoveries.model import (
    OwnRecovery,
    Reason,
    Recovery,
    RecoverySaid,
    StaffRecovery,
    Unsettled,
    Word,
)
from tierce.kernel.ids import StaffId

# Staff, by role tierce_office --------------------------------------------------------------------------------------

_ROW: LiteralString = (
    "select r.id, r.reference, r.amount, r.reason, r.said, r.approved, r.due, r.cancelled, bank.taken_of(r.id),"
    " bank.stands(r.id), r.settled, e.name, e.town, n.name, r.opened, r.paid, r.round from bank.recovery r"
    " join directory.establishment e on e.id = r.establishment join registry.insurer n on n.id = r.insurer"
)


def _staff(row: Sequence[Any]) -> StaffRecovery:
    return StaffRecovery(Recovery(row[0], row[1], row[2], Reason(row[3]), *row[4:11]), *row[11:])


def newest(connection: Connection, at_most: int) -> list[StaffRecovery]:
    """Those that wait for a second person first, then the newest."""
    rows = connection.execute(
        _ROW + " order by r.approved is not null or r.cancelled is not null, r.opened desc, r.id limit %s", (at_most,)
    ).fetchall()
    return [_staff(row) for row in rows]


def one(connection: Connection, number: int) -> StaffRecovery | None:
    """One, with who said what."""
    row = connection.execute(_ROW + " where r.id = %s", (number,)).fetchone()
    if row is None:
        return None
    words = connection.execute(
        "select what, staff, name, said, at, amount, round from bank.recovery_word where recovery = %s"
        " order by at, staff",
        (number,),
    ).fetchall()
    said = tuple(RecoverySaid(Word(each[0]), StaffId(each[1]), *each[2:]) for each in words)
    return replace(_staff(row), words=said)


def unsettled(connection: Connection, before: datetime, at_most: int) -> list[Unsettled]:
    """What no transfer has settled since a day, the oldest first."""
    rows = connection.execute(
        "select establishment, place, town, insurer, amount, recoveries, since, oldest, places"
        " from bank.unsettled(%s, %s)",
        (before, at_most),
    ).fetchall()
    return [Unsettled(*row) for row in rows]


def open_(
    connection: Connection, number: int, transfer: int, reference: str, asked: tuple[int, Reason], by: RecoverySaid
) -> int:
    """Open one, of so many cents for a reason.

    0 kept, 1 the transfer paid no such invoice, 2 that much is not paid of it, 3 it was opened before.
    """
    row = connection.execute(
        "select bank.open_recovery(%s, %s, %s, %s::integer, %s::smallint, %s, %s, %s)",
        (number, transfer, reference, *asked, by.staff, by.name, by.said),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])


def say(connection: Connection, number: int, by: RecoverySaid, seen_amount: int) -> int:
    """Keep a word: 0 a second must, 1 it is so, 2 too late, 3 said already, 4 sent again, 5 caps were drawn."""
    row = connection.execute(
        "select bank.say_recovery(%s, %s::smallint, %s, %s, %s, %s)",
        (number, by.what, by.staff, by.name, by.said, seen_amount),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])


# A professional's session, by role tierce_api ----------------------------------------------------------------------


async def own(connection: AsyncConnection[Any], session: int, transfer: int | None = None) -> list[OwnRecovery]:
    """What is recovered of a session's own place, or what one transfer took of it."""
    cursor = await connection.execute(
        "select id, reference, amount, reason, said, approved, due, cancelled, taken, stands, settled, invoice,"
        " care_day, insurer, paid, here from bank.own_recoveries(%s, %s)",
        (session, transfer),
    )
    return [
        OwnRecovery(Recovery(row[0], row[1], row[2], Reason(row[3]), *row[4:11]), *row[11:])
        for row in await cursor.fetchall()
    ]
