"""Insurers' data keys at rest: wrapped in registry.insurer_key, unwrapped in memory by whoever holds the master."""

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import LiteralString

import psycopg

from tierce.kernel.ids import InsurerId
from tierce.storage.database import Database
from tierce.storage.keys import (
    COMPARTMENT_KEYS,
    KEY_BYTES,
    Compartment,
    KeyedHash,
    Keyring,
    Purpose,
    Sealer,
    Versions,
    wrap_key,
)

READ_KEYS: LiteralString = """
    select insurer, compartment, version, wrapped
    from registry.insurer_key where compartment = any(%s) order by insurer, compartment, version"""

FED = (Compartment.PERSON, Compartment.COVERAGE)
"""What an insurer's files fill. Contact data is lent for one incident, under a key made then (`contact.loan`)."""

WrappedRow = tuple[int, int, int, bytes]
"""(insurer, compartment, version, wrapped key) as READ_KEYS returns it."""


_WITHOUT_KEY: LiteralString = """
    select i.id, c.number, 1 + coalesce((select max(e.last_version) from registry.ending e where e.insurer = i.id), 0)
    from registry.insurer i cross join unnest(%s::smallint[]) c(number)
    where i.id = any(%s)
      and not exists (select from registry.insurer_key k where k.insurer = i.id and k.compartment = c.number)
      and not exists (select from registry.ending e where e.insurer = i.id and e.resumed is null)
    order by 1, 2"""
_WITHOUT_DOOR: LiteralString = """
    select i.id, i.amc from registry.insurer i
    where not exists (select from registry.door d where d.insurer = i.id)
      and not exists (select from registry.ending e
                      where e.insurer = i.id and e.resumed is null and e.deleted is not null)"""


def make_insurer_keys(connection: psycopg.Connection, keyring: Keyring, insurers: Iterable[InsurerId]) -> int:
    """Give each insurer its door, and a key in every compartment of FED where it has none; how many keys.

    An insurer whose contract has ended gets none; the version of a key that was destroyed is not used again, for a
    process may still hold it in memory.
    """
    numbers = [compartment.value for compartment in FED]
    rows = connection.execute(_WITHOUT_KEY, (numbers, list(insurers))).fetchall()
    for insurer, number, version in rows:
        compartment = Compartment(number)
        master = keyring.raw(COMPARTMENT_KEYS[compartment])
        wrapped = wrap_key(master, compartment, InsurerId(insurer), version, os.urandom(KEY_BYTES))
        connection.execute(
            "insert into registry.insurer_key (insurer, compartment, version, wrapped) values (%s, %s, %s, %s)",
            (insurer, number, version, wrapped),
        )
    make_doors(connection, keyring)
    return len(rows)


def door_of(key: KeyedHash, amc: str) -> bytes:
    """What opens a session for an insurer's staff: 32 bytes that only a holder of the key file can make."""
    return key.digest(amc.encode())


def make_doors(connection: psycopg.Connection, keyring: Keyring) -> int:
    """Give each insurer that has none its door; returns how many were made. The database keeps digests alone."""
    key = keyring.hash(Purpose.DOOR)
    rows = connection.execute(_WITHOUT_DOOR).fetchall()
    for number, amc in rows:
        connection.execute(
            "insert into registry.door (insurer, digest) values (%s, %s) on conflict do nothing",
            (number, sha256(door_of(key, amc)).digest()),
        )
    return len(rows)


def doors(connection: psycopg.Connection) -> list[tuple[InsurerId, str, bytes]]:
    """Each insurer that has a door, its AMC number, and the digest of what opens it."""
    rows = connection.execute(
        "select d.insurer, i.amc, d.digest from registry.door d join registry.insurer i on i.id = d.insurer"
        " order by d.insurer"
    ).fetchall()
    return [(InsurerId(number), amc, bytes(digest)) for number, amc, digest in rows]


def foreign_doors(connection: psycopg.Connection, key: KeyedHash) -> list[InsurerId]:
    """The insurers whose staff nobody lets in by this key."""
    return [number for number, amc, digest in doors(connection) if sha256(door_of(key, amc)).digest() != digest]


def replace_doors(connection: psycopg.Connection, key: KeyedHash) -> int:
    """Have every door open to another key; the caller commits. Returns how many there are."""
    found = doors(connection)
    with connection.cursor() as cursor:
        cursor.executemany(
            "update registry.door set digest = %s where insurer = %s",
            [(sha256(door_of(key, amc)).digest(), number) for number, amc, _ in found],
        )
    return len(found)


def versions_from(rows: Iterable[WrappedRow], keyring: Keyring) -> Versions:
    """Unwrap the rows of READ_KEYS."""
    keys: dict[tuple[Compartment, InsurerId], dict[int, bytes]] = {}
    for insurer_number, compartment_number, version, wrapped in rows:
        compartment, insurer = Compartment(compartment_number), InsurerId(insurer_number)
        name = COMPARTMENT_KEYS[compartment]
        key = keyring.unwrap(name, compartment, insurer, version, bytes(wrapped))
        keys.setdefault((compartment, insurer), {})[version] = key
    return keys


def sealer_from(rows: Iterable[WrappedRow], keyring: Keyring) -> Sealer:
    """Unwrap the rows of READ_KEYS into a Sealer."""
    return Sealer(versions_from(rows, keyring))


def lasting_sealer(database: Database, role: str, keyring: Keyring, compartments: Iterable[Compartment]) -> Sealer:
    """A Sealer for a process that lives long: it reads the keys again when an insurer or a version is new."""
    numbers = [compartment.value for compartment in compartments]

    def read() -> Versions:
        with database.connect(role) as connection:
            return versions_from(connection.execute(READ_KEYS, (numbers,)).fetchall(), keyring)

    return Sealer(read(), read)


def load_sealer(connection: psycopg.Connection, keyring: Keyring, compartments: Iterable[Compartment]) -> Sealer:
    """Read and unwrap every insurer's key of the given compartments."""
    numbers = [compartment.value for compartment in compartments]
    return sealer_from(connection.execute(READ_KEYS, (numbers,)).fetchall(), keyring)
