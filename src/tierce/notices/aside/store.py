"""What was set aside, in PostgreSQL (storage/sql/aside.sql): role tierce_notices takes it up, others read."""

from datetime import datetime

from psycopg import Connection

from tierce.kernel.ids import IncidentId, InsurerId, ProfessionalId
from tierce.notices.aside.model import Aside, AsideWhy, Count, Road, TakenUp
from tierce.notices.deliveries.rules import ATTEMPTS_MAX


def aside(connection: Connection, at_most: int, after: tuple[datetime, str] | None = None) -> list[Aside]:
    """Messages that were set aside, the oldest first, behind one that was read."""
    rows = connection.execute(
        "select road, number, why, code, since, incident, insurer, professional, what"
        " from notice.aside(%s, %s, %s, %s)",
        (ATTEMPTS_MAX, at_most, *(after or (None, None))),
    ).fetchall()
    return [
        Aside(
            Road(row[0]), row[1], AsideWhy(row[2]), row[3], row[4],
            row[5] and IncidentId(row[5]), row[6] and InsurerId(row[6]), row[7] and ProfessionalId(row[7]), row[8],
        )
        for row in rows
    ]  # fmt: skip


def counts(connection: Connection) -> list[Count]:
    """How many, by road and reason."""
    rows = connection.execute(
        "select road, why, n, since from notice.aside_counts(%s) order by road, why", (ATTEMPTS_MAX,)
    ).fetchall()
    return [Count(Road(row[0]), AsideWhy(row[1]), row[2], row[3]) for row in rows]


def take_up(connection: Connection, number: str, *, settle: bool, who_why: str) -> TakenUp:
    """Have one tried again, or settle it."""
    row = connection.execute(
        "select notice.take_up(%s, %s, %s, %s)", (number, ATTEMPTS_MAX, settle, who_why)
    ).fetchone()
    assert row is not None
    return TakenUp(row[0])
