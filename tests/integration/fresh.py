"""Fresh databases: copies of one that was migrated once."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.roles import ROLES

_numbers = itertools.count()
_superusers: dict[tuple[int, str], psycopg.Connection] = {}
"""One connection of the superuser for each database, by port and name: opening one costs more than its work."""


@contextmanager
def fresh_database(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A copy of `template`, dropped at the end of the block, whoever is still connected."""
    fresh = template.named(f"tierce_test_{next(_numbers)}")
    admin = _superuser(cluster.database("postgres"))
    # As files, in two thirds of the time of a copy through the log; the log stays short.
    copied = f"create database {fresh.name} template {template.name} owner tierce_owner strategy file_copy"
    admin.execute(copied.encode())
    # Grants on the database itself are not copied from the template.
    admin.execute(f"revoke all on database {fresh.name} from public".encode())
    admin.execute(f"grant connect on database {fresh.name} to {', '.join(ROLES)}".encode())
    admin.execute(f"grant temporary on database {fresh.name} to tierce_feed, tierce_notices".encode())
    try:
        yield fresh
    finally:
        leave(fresh)
        admin.execute(f"drop database {fresh.name} with (force)".encode())


@contextmanager
def as_superuser(fresh: Database) -> Iterator[psycopg.Connection]:
    """A transaction of the superuser, for what a test prepares and looks up beside what it tests."""
    connection = _superuser(fresh)
    with connection.transaction():
        yield connection


def leave(database: Database) -> None:
    """Close the superuser's connection, before its database or server goes."""
    if connection := _superusers.pop((database.port, database.name), None):
        connection.close()


def _superuser(database: Database) -> psycopg.Connection:
    place = (database.port, database.name)
    if place not in _superusers:
        _superusers[place] = database.connect(SUPERUSER, autocommit=True)
    return _superusers[place]
