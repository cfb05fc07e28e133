"""One's own holds and appeals in PostgreSQL."""

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from tierce.identity.appeals.model import OwnHold
from tierce.identity.model import SessionState
from tierce.policy.ladder import APPEAL_ANSWERED_WITHIN, Level, Rung


async def own_holds(connection: AsyncConnection[Any], state: SessionState, since: datetime) -> list[OwnHold]:
    """Holds of this session's account, device or place, or of what declared it, in force or ended since `since`."""
    cursor = await connection.execute(
        "select h.id, h.level, h.rung, h.since, coalesce(h.lifted, h.until), h.by = 'watch', a.at, a.due, a.answered,"
        " a.answer, h.lifted is not null, not (h.level, h.subject) in ((1, %(login)s), (2, %(device)s), (3, w.place))"
        " from access.ladder h cross join (select t.establishment as place, u.login, u.device from (values (1)) one"
        "  left join access.session s on s.id = %(session)s left join directory.activity t on t.id = s.activity"
        "  left join directory.substitution u on u.id = t.substitution) w"
        " left join access.appeal a on a.hold = h.id and a.professional = %(professional)s"
        " where h.rung >= 2 and coalesce(h.lifted, h.until) > %(since)s and (h.level, h.subject) in"
        " ((1, %(login)s), (2, %(device)s), (3, w.place), (1, w.login), (2, w.device))"
        " order by h.since desc limit 20",
        {
            "professional": state.professional,
            "login": state.login,
            "device": state.device or 0,
            "session": state.id,
            "since": since,
        },
    )
    return [OwnHold(row[0], Level(row[1]), Rung(row[2]), *row[3:]) for row in await cursor.fetchall()]


async def put_appeal(
    connection: AsyncConnection[Any], number: int, state: SessionState, hold: int, said: str, at: datetime
) -> bool:
    """Keep an appeal; False when this hold has one of hers already."""
    cursor = await connection.execute(
        "insert into access.appeal (id, professional, hold, said, at, due) values (%s, %s, %s, %s, %s, %s)"
        " on conflict (hold, professional) do nothing",
        (number, state.professional, hold, said, at, at + APPEAL_ANSWERED_WITHIN),
    )
    return cursor.rowcount == 1
