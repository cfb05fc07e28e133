"""Appeals in PostgreSQL, as staff read and answer them."""

from datetime import datetime

from psycopg import Connection

from tierce.incidents.appeals.model import Appeal, Reply
from tierce.kernel.care import Profession
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.ladder import Level, Rung

APPEALS_MAX = 100


def waiting(connection: Connection, now: datetime) -> list[Appeal]:
    """Appeals that nobody has answered, the soonest due first."""
    rows = connection.execute(
        "select a.id, a.professional, p.given_name || ' ' || p.family_name, p.profession, a.said, a.at, a.due,"
        " a.hold,"
        " coalesce(h.level, 2), coalesce(h.rung, 1), coalesce(h.reason, ''), coalesce(h.by, ''),"
        " coalesce(h.lifted is null and h.until > %s, false)"
        " from access.appeal a join directory.professional p on p.id = a.professional"
        " left join access.ladder h on h.id = a.hold where a.answered is null order by a.due, a.id limit %s",
        (now, APPEALS_MAX),
    ).fetchall()
    return [
        Appeal(
            row[0], ProfessionalId(row[1]), say_name(row[2]), Profession(row[3]), row[4], row[5], row[6], row[7],
            Level(row[8]), Rung(row[9]), row[10], row[11], row[12],
        )
        for row in rows
    ]  # fmt: skip


def answer(connection: Connection, reply: Reply, at: datetime, by: str) -> bool:
    """Keep the answer; False when somebody answered meanwhile."""
    cursor = connection.execute(
        'update access.appeal set answered = %s, answer = %s, lifted = %s, "by" = %s'
        " where id = %s and answered is null",
        (at, reply.words, reply.lift, by, reply.appeal),
    )
    return cursor.rowcount == 1
