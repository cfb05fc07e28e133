"""Closings on the ladder, and counts of who is concerned; nobody is named."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow

from tierce.closings.model import Closing, Hindered, Insurer, Release, Target
from tierce.kernel.care import Profession
from tierce.kernel.ids import SessionId, StaffId
from tierce.policy.ladder import CLOSABLE, HELD_WHOLE, Level, Rung

_COLUMNS: LiteralString = "select id, level, subject, since, until, by, reason, rung from access.ladder"
_LIVE: LiteralString = (
    f"{_COLUMNS} where lifted is null and until > now() and rung >= %s and level = any(%s) order by since, id"
)
_LEVELS = [level.value for level in CLOSABLE]
_WIDE = [level.value for level in CLOSABLE | HELD_WHOLE]


def _closing(row: TupleRow) -> Closing:
    return Closing(row[0], Target(Level(row[1]), row[2]), row[3], row[4], row[5], row[6], Rung(row[7]))


def live(connection: Connection) -> list[Closing]:
    """What is closed now."""
    return [_closing(row) for row in connection.execute(_LIVE, (Rung.SUSPENDED, _LEVELS)).fetchall()]


async def live_async(connection: AsyncConnection[Any]) -> list[Closing]:
    """Do as `live`, on an asynchronous connection."""
    cursor = await connection.execute(_LIVE, (Rung.SUSPENDED, _LEVELS))
    return [_closing(row) for row in await cursor.fetchall()]


def standing(connection: Connection) -> list[tuple[Closing, Release | None]]:
    """What is closed or held whole, on any rung, with the release that waits for a second person."""
    waiting = releases(connection)
    rows = connection.execute(_LIVE, (Rung.OBSERVED, _WIDE)).fetchall()
    return [(_closing(row), waiting.get(row[0])) for row in rows]


def live_on(connection: Connection, target: Target) -> list[Closing]:
    """Every live hold of one target, on any rung."""
    rows = connection.execute(
        f"{_COLUMNS} where level = %s and subject = %s and lifted is null and until > now() order by since, id",
        (target.level, target.subject),
    ).fetchall()
    return [_closing(row) for row in rows]


def put(connection: Connection, closing: Closing) -> None:
    """Put a closing on the ladder; the gate reads it in its next batch."""
    connection.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (closing.id, closing.target.level, closing.target.subject, closing.rung, closing.since, closing.until,
         closing.by, closing.reason),
    )  # fmt: skip


def releases(connection: Connection) -> dict[int, Release]:
    """Releases that wait for a second person, by hold."""
    rows = connection.execute(
        "select hold, staff, session, name, reason, until from access.release where until > now()"
    )
    return {hold: Release(hold, StaffId(staff), SessionId(session), *said) for hold, staff, session, *said in rows}


def ask_release(connection: Connection, release: Release, at: datetime) -> None:
    """Write that somebody asks for a release; an earlier request of the same hold has run out and gives way."""
    connection.execute(
        "insert into access.release (hold, staff, session, name, reason, asked, until)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (hold) do nothing",
        (release.hold, release.staff, release.session, release.name, release.reason, at, release.until),
    )


def forget_releases(connection: Connection, at: datetime) -> None:
    """Remove requests that nobody confirmed in time."""
    connection.execute("delete from access.release where until <= %s", (at,))


def lift(connection: Connection, hold: int, staff: StaffId, by: str, why: str) -> bool:
    """Lift one live hold; the database wants a second person where the level is broad."""
    row = connection.execute("select access.lift(%s, %s, %s, %s)", (hold, staff, by, why)).fetchone()
    return row is not None and bool(row[0])


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


def names(connection: Connection) -> dict[Target, str]:
    """Names of insurers, software, vendors, and of the establishments that are on the ladder."""
    rows = connection.execute(
        "select 8, id, name from registry.insurer union all select 5, id, name from directory.software"
        " union all select 6, vendor, string_agg(name, ', ' order by name) from directory.software group by vendor"
        " union all select 3, t.id, t.name || ', ' || t.town from directory.establishment t"
        " where t.id in (select subject from access.ladder where level = 3)"
    ).fetchall()
    return {Target(Level(level), subject): name for level, subject, name in rows}


def establishment(connection: Connection, finess: str) -> int | None:
    """The number of an establishment by its FINESS; None when the directory has none."""
    row = connection.execute("select id from directory.establishment where finess = %s", (finess,)).fetchone()
    return None if row is None else int(row[0])


def find(connection: Connection) -> Callable[[Level, str], int | None]:
    """Look for the number of what is typed: an AMC number, a FINESS, a software's or a vendor's number."""

    def found(level: Level, typed: str) -> int | None:
        if level is Level.INSURER:
            return next((one.id for one in insurers(connection) if one.amc == typed), None)
        if level is Level.ESTABLISHMENT:
            return establishment(connection, typed)
        if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9):
            return None
        number = int(typed)
        return number if Target(level, number) in names(connection) else None

    return found
