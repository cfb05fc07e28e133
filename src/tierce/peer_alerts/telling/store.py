"""Alerts that we send, in PostgreSQL: written as tierce_office, carried as tierce_peers through functions alone."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from psycopg import Connection

from tierce.kernel.ids import ProfessionalId
from tierce.peer_alerts.telling.model import Carried, Due, Hearer, Saying, Told
from tierce.policy.peer_alerts import OLD, Confidence, Event

TOLD_MAX = 200


def hearers(connection: Connection) -> list[Hearer]:
    """The operators that are told."""
    rows = connection.execute(
        "select id, name, audience from access.alert_peer where ended is null and push is not null order by id"
    ).fetchall()
    return [Hearer(*row) for row in rows]


def rpps_of(connection: Connection, professional: ProfessionalId) -> str | None:
    """The number under which the others know her."""
    row = connection.execute("select rpps from directory.professional where id = %s", (professional,)).fetchone()
    return None if row is None else row[0]


def put_key(connection: Connection, kid: str, jwk: bytes) -> None:
    """Publish the public key with which ours are verified."""
    connection.execute("insert into access.alert_key (kid, jwk) values (%s, %s) on conflict do nothing", (kid, jwk))


def put(
    connection: Connection, number: int, professional: ProfessionalId, saying: Saying, at: datetime, by: str
) -> None:
    """Keep what staff said."""
    connection.execute(
        'insert into access.alert_told (id, professional, event, since, until, confidence, at, "by", why)'
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (number, professional, saying.event, saying.since, saying.until, saying.confidence, at, by, saying.why),
    )


def put_out(connection: Connection, number: int, tokens: Sequence[tuple[int, str]]) -> None:
    """Leave one token for each operator to be carried."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into access.alert_out (told, peer, token) values (%s, %s, %s)",
            [(number, peer, token) for peer, token in tokens],
        )


def told_of(connection: Connection, professional: ProfessionalId, now: datetime) -> list[Told]:
    """What was told of an account, the newest first, and what came of it."""
    rows = connection.execute(
        'select t.id, t.at, t."by", t.event, t.why, t.since, t.until, t.confidence, p.name, o.tries, o.delivered,'
        " coalesce(o.refused, ''), p.ended is not null or t.at <= %s from access.alert_told t"
        " join access.alert_out o on o.told = t.id join access.alert_peer p on p.id = o.peer"
        " where t.professional = %s order by t.at desc, t.id, o.peer limit %s",
        (now - OLD, professional, TOLD_MAX),
    ).fetchall()
    found = []
    for (_, at, by, event, why, since, until, grade), group in groupby(rows, key=lambda row: row[:8]):
        carried = tuple(Carried(*row[8:]) for row in group)
        found.append(Told(at, by, Saying(Event(event), why, since, until, Confidence(grade)), carried))
    return found


def due(connection: Connection, most: int) -> list[Due]:
    """Take what waits to be carried now; each comes again later, unless `arrived` says what came of it."""
    rows = connection.execute("select told, peer, push, token from access.alerts_due(%s)", (most,)).fetchall()
    return [Due(*row) for row in rows]


def arrived(connection: Connection, one: Due, under: str | None) -> None:
    """Say that a token was taken, or refused under a code."""
    connection.execute("select access.alert_arrived(%s, %s::smallint, %s)", (one.told, one.peer, under))


def keys(connection: Connection) -> list[bytes]:
    """The public key with which our tokens are verified: one, or none before the office first started."""
    return [bytes(jwk) for (jwk,) in connection.execute("select access.alert_keys()").fetchall()]
