"""Reads common lines and who draws on them; no statement here selects a person covered."""

from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.incidents.commons.model import Common, Drawer, open_by_day
from tierce.kernel.saying import say_name
from tierce.policy.ladder import Level
from tierce.policy.lines import POOLS

SHOWN_MAX = 25
LINES_MAX = 4_000
"""Lines read for one page: those of the day, at most; cells are some two thousand, software and vendors hundreds."""
DRAWERS_MAX = 10

_COMMON: LiteralString = (
    "select c.kind, c.subject, c.day, c.limit_now, c.today, c.seats,"
    " coalesce((select min(s.name) from directory.software s"
    "           where (c.kind = 5 and s.id = c.subject) or (c.kind = 6 and s.vendor = c.subject)), '')"
    " from gate.common c"
)


def _common(row: TupleRow, today: int) -> Common:
    kind, subject, day, limit, drawn, seats, name = row
    level = Level(kind)
    return Common(
        level,
        subject,
        name,
        limit,
        drawn if day == today else 0,
        () if level in POOLS else open_by_day(seats, day, today),
    )


def fullest(connection: Connection, today: int) -> list[Common]:
    """The nation first, then the lines that are fullest, as they stood when they were last drawn from."""
    rows = connection.execute(f"{_COMMON} order by c.kind = 9 desc, c.day desc limit %s", (LINES_MAX,)).fetchall()
    found = [one for one in (_common(row, today) for row in rows) if one.used or one.level is Level.NATION]
    return sorted(found, key=lambda one: (one.level is not Level.NATION, -one.percent, -one.used))[:SHOWN_MAX]


def common(connection: Connection, level: Level, subject: int, today: int) -> Common | None:
    """One common line, or None when nobody ever drew from it."""
    rows = connection.execute(f"{_COMMON} where c.kind = %s and c.subject = %s", (level, subject)).fetchall()
    return _common(rows[0], today) if rows else None


def drawers(connection: Connection, one: Common, today: int) -> list[Drawer]:
    """Who was shown most people never seen there today: establishments of a pool, accounts of a line."""
    if one.level in POOLS:
        rows = connection.execute(
            "select l.establishment, t.name || ', ' || t.town, l.profession, l.drawn from access.line l"
            " left join directory.establishment t on t.id = l.establishment"
            " where l.establishment is not null and l.floor_day = %(today)s and l.drawn > 0"
            " and (%(nation)s or l.cell = %(subject)s) order by l.drawn desc, l.id limit %(most)s",
            {
                "today": today,
                "nation": one.level is Level.NATION,
                "subject": one.subject,
                "most": DRAWERS_MAX,
            },
        ).fetchall()
        return [Drawer(number, name or "", profession, drawn) for number, name, profession, drawn in rows]
    rows = connection.execute(
        "select p.id, p.given_name || ' ' || p.family_name, p.profession, sum(l.drawn)::integer as drawn"
        " from (select distinct login from access.clientele where last_day >= %(today)s"
        "       and case when %(software)s then software = %(subject)s else vendor = %(subject)s end) c"
        " join access.line l on l.login = c.login join directory.professional p on p.id = l.professional"
        " where l.floor_day = %(today)s and l.drawn > 0 group by p.id order by drawn desc, p.id limit %(most)s",
        {
            "today": today,
            "software": one.level is Level.SOFTWARE,
            "subject": one.subject,
            "most": DRAWERS_MAX,
        },
    ).fetchall()
    return [Drawer(number, say_name(name), profession, drawn) for number, name, profession, drawn in rows]
