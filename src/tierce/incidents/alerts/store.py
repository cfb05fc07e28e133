"""Alerts in PostgreSQL, as staff enter them; the worker counts them (watch/store.py)."""

from datetime import datetime, timedelta

from psycopg import Connection

from tierce.kernel.ids import ProfessionalId
from tierce.policy.evidence import ACCUSED_DAYS


def put(
    connection: Connection, number: int, professional: ProfessionalId, operator: str, at: datetime, by: str
) -> bool:
    """Keep an alert; False for who never signed in, or while one of that operator about her is in force."""
    cursor = connection.execute(
        'insert into access.alert (id, professional, operator, at, "by") select %(id)s, g.professional, %(operator)s,'
        " %(at)s, %(by)s from access.login g where g.professional = %(professional)s and not exists (select from"
        " access.alert a where a.professional = g.professional and lower(a.operator) = lower(%(operator)s)"
        " and a.at > %(since)s)",
        {
            "id": number, "professional": professional, "operator": operator, "at": at, "by": by,
            "since": at - timedelta(days=ACCUSED_DAYS),
        },
    )  # fmt: skip
    return cursor.rowcount == 1
