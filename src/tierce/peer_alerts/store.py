"""Peers and their alerts in PostgreSQL: what tierce_peers may call, and what commands write as tierce_upkeep."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from psycopg import Connection

from tierce.peer_alerts.model import Peer, Said
from tierce.policy.peer_alerts import ACCUSES


class Taken(IntEnum):
    """What `access.take_alert` answers."""

    AGAIN = 0
    KEPT = 1
    FULL = 2
    ENDED = 3


@dataclass(frozen=True, slots=True)
class Registered:
    """A peer as the command lists it."""

    number: int
    name: str
    issuer: str
    at: datetime
    ended: datetime | None
    alerts: int
    """That it sent since the beginning of the day."""


def peers(connection: Connection) -> list[Peer]:
    """The peers whose alerts are taken in."""
    rows = connection.execute("select peer, issuer, keys from access.alert_peers()").fetchall()
    return [Peer(number, issuer, bytes(keys)) for number, issuer, keys in rows]


def take(connection: Connection, peer: int, said: Said, number: int) -> Taken:
    """Hand over what was verified; the answer depends on the peer and the token's number alone."""
    row = connection.execute(
        "select access.take_alert(%s::smallint, %s, %s::smallint, %s, %s, %s, %s, %s::smallint)",
        (peer, said.jti, said.event, said.rpps, number, said.since, said.until, said.confidence),
    ).fetchone()
    assert row is not None
    return Taken(row[0])


def add(connection: Connection, name: str, issuer: str, keys: bytes, why: str, told: tuple[str, str] | None) -> int:
    """Register a peer; a unique violation where its name or its issuer is another live peer's.

    `told` is the audience for whom we sign and the address to which alerts of ours are pushed, where it is told.
    """
    audience, push = told or (None, None)
    row = connection.execute(
        "insert into access.alert_peer (name, issuer, keys, why, audience, push) values (%s, %s, %s, %s, %s, %s)"
        " returning id",
        (name, issuer, keys, why, audience, push),
    ).fetchone()
    assert row is not None
    return int(row[0])


def replace_keys(connection: Connection, name: str, keys: bytes, why: str) -> int | None:
    """Give a live peer other keys, and keep why; returns it, or None where there is none of that name."""
    row = connection.execute(
        "update access.alert_peer set keys = %s, why = %s where lower(name) = lower(%s) and ended is null"
        " returning id",
        (keys, why, name),
    ).fetchone()
    return None if row is None else int(row[0])


def end(connection: Connection, name: str, at: datetime, why: str) -> int | None:
    """Let a peer send no more; returns it, or None where there is none of that name."""
    row = connection.execute(
        "update access.alert_peer set ended = %s, ended_why = %s where lower(name) = lower(%s) and ended is null"
        " returning id",
        (at, why, name),
    ).fetchone()
    return None if row is None else int(row[0])


def set_aside_all(connection: Connection, peer: int, at: datetime, by: str, why: str) -> int:
    """Set every alert of a peer aside; returns how many were in force."""
    cursor = connection.execute(
        "update access.alert set ended = %s, ended_by = %s, ended_why = %s where peer = %s and ended is null",
        (at, by, why, peer),
    )
    return cursor.rowcount


def registered(connection: Connection, since: datetime) -> list[Registered]:
    """Every peer, the live ones first, with how many alerts each sent since an instant."""
    rows = connection.execute(
        "select p.id, p.name, p.issuer, p.at, p.ended, (select count(*) from access.peer_set s where s.peer = p.id"
        " and s.at >= %s and s.event = any(%s)) from access.alert_peer p order by p.ended is not null, p.id",
        (since, sorted(ACCUSES)),
    ).fetchall()
    return [Registered(*row) for row in rows]
