"""Closings on the ladder, and counts of who is concerned; nobody is named."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow

from tierce.closings.model import Closing, Hindered, Insurer, Target
from tierce.kernel.care import Profession
from tierce.policy.ladder import CLOSABLE, Level, Rung

_LIVE: LiteralString = (
    "select id, level, subject, since, until, by, reason from access.ladder"
    " where lifted is null and until > now() and rung >= %s and level = any(%s) order by since, id"
)
_LEVELS = [level.value for level in CLOSABLE]


def _closing(row: TupleRow) -> Closing:
    return Closing(row[0], Target(Level(row[1]), row[2]), row[3], row[4], row[5], row[6])


def live(connection: Connection) -> list[Closing]:
    """What is closed now."""
    return [_closing(row) for row in connection.execute(_LIVE, (Rung.SUSPENDED, _LEVELS)).fetchall()]


async def live_async(connection: AsyncConnection[Any]) -> list[Closing]:
    """Do as `live`, on an asynchronous connection."""
    cursor = await connection.execute(_LIVE, (Rung.SUSPENDED, _LEVELS))
    return [_closing(row) for row in await cursor.fetchall()]


def put(connection: Connection, closing: Closing) -> None:
    """Put a closing on the ladder; the gate reads it in its next batch."""
    connection.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (closing.id, closing.target.level, closing.target.subject, Rung.SUSPENDED, closing.since, closing.until,
         closing.by, closing.reason),
    )  # fmt: skip


def lift(connection: Connection, target: Target, at: datetime) -> list[int]:
    """Lift every live closing of one target; returns their numbers."""
    rows = connection.execute(
        "update access.ladder set lifted = %s where level = %s and subject = %s and rung >= %s and lifted is null"
        " and until > now() returning id",
        (at, target.level, target.subject, Rung.SUSPENDED),
    ).fetchall()
    return [row[0] for row in rows]


def hindered(connection: Connection, target: Target, professions: Sequence[Profession]) -> Hindered:
    """Count who a closing of `target` would hinder; `professions` may ask about it."""
    row = connection.execute(
        "select professionals, places, answers from gate.hindered(%s::smallint, %s, %s::smallint[])",
        (target.level.value, target.subject, [one.value for one in professions]),
    ).fetchone()
    assert row is not None, "a count is always a row"
    return Hindered(*row)


def insurers(connection: Connection) -> list[Insurer]:
    """Every insurer, by name."""
    rows = connection.execute("select id, amc, name from registry.insurer order by name, id").fetchall()
    return [Insurer(*row) for row in rows]
