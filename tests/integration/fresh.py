"""Fresh databases: copies of one that was migrated once."""

import hashlib
import hmac
import itertools
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.roles import ROLES

_numbers = itertools.count()
_superusers: dict[tuple[int, str], psycopg.Connection] = {}
_left: dict[int, str] = {}
"""The database that a test has left, by port of the server: it goes once the next is made.

Its connections are closed and the server's processes behind them about to end. Whoever drops it that soon waits a
tenth of a second, the server's own turn of waiting, which was a sixth of a test.
"""
"""One connection of the superuser for each database, by port and name: opening one costs more than its work."""


@contextmanager
def fresh_database(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A copy of `template`, dropped as the next one is made, whoever is still connected."""
    fresh = template.named(f"tierce_test_{next(_numbers)}")
    admin = _superuser(cluster.database("postgres"))
    _count_passwords_once(admin, template)
    # As files, in two thirds of the time of a copy through the log; the log stays short.
    copied = f"create database {fresh.name} template {template.name} owner tierce_owner strategy file_copy"
    admin.execute(copied.encode())
    # Grants on the database itself are not copied from the template.
    admin.execute(f"revoke all on database {fresh.name} from public".encode())
    admin.execute(f"grant connect on database {fresh.name} to {', '.join(ROLES)}".encode())
    admin.execute(f"grant temporary on database {fresh.name} to tierce_feed, tierce_notices".encode())
    if left := _left.pop(fresh.port, None):
        admin.execute(f"drop database if exists {left} with (force)".encode())
    try:
        yield fresh
    finally:
        leave(fresh)
        if left := _left.pop(fresh.port, None):  # one block inside another
            admin.execute(f"drop database if exists {left} with (force)".encode())
        _left[fresh.port] = fresh.name


def make_light(template: Database) -> None:
    """Take from a template what each copy costs and no test asks for: a third of what it takes to make one.

    The catalogs hold the room of what migrations replaced. The server writes beside the database, once more for each
    copy, that a role owns or may use each of two thousand things, which whoever drops a role is told: no test does.
    """
    with template.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(
            "delete from pg_shdepend where dbid = (select oid from pg_database where datname = %s)", (template.name,)
        )
        catalogs = (
            "select oid::regclass::text from pg_class"
            " where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared"
        )
        for (catalog,) in admin.execute(catalogs).fetchall():
            admin.execute(f"vacuum full {catalog}".encode())
    with template.connect(SUPERUSER):
        pass  # whoever connects first writes down what each connection reads of the catalogs, and that is copied too


def _count_passwords_once(admin: psycopg.Connection, database: Database) -> None:
    """Have the server keep what it knows of each password counted once, where it counted 4,096 times.

    The count slows down who guesses passwords. Ours are random; a test opens some ten connections, each of which had
    libpq count again, and that was an eighth of what a test computed. What sets passwords in a test sets them back.
    """
    many = "select rolname from pg_authid where rolname = any(%s) and rolpassword not like 'SCRAM-SHA-256$1:%%'"
    for (role,) in admin.execute(many, ([SUPERUSER, *ROLES],)).fetchall():
        secret = (database.secrets / f"{role}.password").read_bytes().strip()
        admin.execute(f"alter role {role} password '{_counted_once(secret)}'".encode())


def _counted_once(password: bytes) -> str:
    """A password as PostgreSQL keeps it (RFC 5803), its salted hash iterated once."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, 1)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    kept = [b64encode(one).decode() for one in (salt, hashlib.sha256(client).digest(), server)]
    return f"SCRAM-SHA-256$1:{kept[0]}${kept[1]}:{kept[2]}"


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
