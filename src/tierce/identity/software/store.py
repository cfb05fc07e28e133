"""Registered software in PostgreSQL, by the operator's hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from tierce.kernel.ids import SoftwareId, VendorId


@dataclass(frozen=True, slots=True)
class Registered:
    """One line of the register; `keys` is how many public keys the software has."""

    client_id: str
    software: SoftwareId
    vendor: VendorId
    name: str
    keys: int
    azp: list[str]
    since: datetime
    ended: datetime | None


def put_software(connection: Connection, software: SoftwareId, vendor: VendorId, name: str, *, bulk: bool) -> None:
    """Write a piece of software in the directory; its name, vendor and lane may be corrected."""
    connection.execute(
        "insert into directory.software (id, vendor, name, bulk) values (%s, %s, %s, %s)"
        " on conflict (id) do update set vendor = excluded.vendor, name = excluded.name,"
        " bulk = excluded.bulk",
        (software, vendor, name, bulk),
    )


def put_client(
    connection: Connection,
    client_id: str,
    software: SoftwareId,
    keys: Mapping[str, Any],
    azp: list[str],
    now: datetime,
) -> bool:
    """Register a client, or give a registered one other keys; False when the name is another software's."""
    row = connection.execute(
        "insert into access.client as c (id, software, jwks, azp, since) values (%s, %s, %s, %s, %s)"
        " on conflict (id) do update set jwks = excluded.jwks, azp = excluded.azp, ended = null"
        " where c.software = excluded.software returning 1",
        (client_id, software, Jsonb(keys), azp, now),
    ).fetchone()
    return row is not None


def end_client(connection: Connection, client_id: str, now: datetime) -> SoftwareId | None:
    """End a client; its software, or None when no live client has this name."""
    row = connection.execute(
        "update access.client set ended = %s where id = %s and ended is null returning software", (now, client_id)
    ).fetchone()
    return None if row is None else SoftwareId(row[0])


def clients(connection: Connection) -> list[Registered]:
    """List every client, ended ones included."""
    rows = connection.execute(
        "select c.id, c.software, s.vendor, s.name, jsonb_array_length(c.jwks -> 'keys'), c.azp, c.since, c.ended"
        " from access.client c join directory.software s on s.id = c.software order by c.id"
    ).fetchall()
    return [
        Registered(row[0], SoftwareId(row[1]), VendorId(row[2]), row[3], row[4], row[5], row[6], row[7])
        for row in rows
    ]
