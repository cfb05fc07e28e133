"""Every step from the first release to this version, on tables that have rows."""

import re
from collections.abc import Iterator, Set
from importlib.resources import files

import psycopg
import pytest
from alembic import command

from tests.integration.filling import fill_empty
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.migrate import alembic_config, create_roles, migrate, pending
from tierce.storage.roles import OWNER
from tierce.storage.version import head_version, stored_version

_CHANGED = re.compile(r"^\s*(?:alter table|update|delete from|drop table) +(\w+\.\w+)", re.M)
_MADE = re.compile(r"^\s*create table +(\w+\.\w+)", re.M)
_MOVED = re.compile(r"^\s*alter table +(\w+)\.(\w+) (?:set schema (\w+)|rename to (\w+))", re.M)


@pytest.fixture
def first_release(cluster: Cluster) -> Iterator[Database]:
    """A database at 0001, from its SQL alone."""
    database = cluster.database("tierce_filled")
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        create_roles(server, database.secrets)
        server.execute(f"create database {database.name} owner {OWNER}".encode())
    command.upgrade(alembic_config(database, SUPERUSER), "0001")
    yield database
    with database.named("postgres").connect(SUPERUSER, autocommit=True) as server:
        server.execute(f"drop database {database.name} with (force)".encode())


def test_every_step_meets_rows_in_every_table_that_it_changes(first_release: Database) -> None:
    database, config = first_release, alembic_config(first_release, SUPERUSER)
    with database.connect(SUPERUSER, autocommit=True) as admin:
        filled, steps = fill_empty(admin, frozenset()), pending("0001")
        for version, _said in steps:
            changed = {table for text in _texts_of(version) for table in _CHANGED.findall(text)}
            made = {table for text in _texts_of(version) for table in _MADE.findall(text)}
            assert changed - made - _called_anew(version) <= filled, version
            command.upgrade(config, version)
            filled = fill_empty(admin, filled)
        assert len(steps) > 20
        assert _empty(admin, filled) == set(), "no step loses what was there"
    migrate(database)  # functions, grants and durations on top
    with database.connect(SUPERUSER) as admin:
        assert stored_version(admin) == head_version()


def _texts_of(version: str) -> list[str]:
    """What a step runs."""
    folder = files("tierce.storage") / "sql"
    return [one.read_text("utf-8") for one in folder.iterdir() if one.name.startswith(f"v{version}")]


def _called_anew(version: str) -> set[str]:
    """What the tables that a step moves or renames are called from there on."""
    moved = [found for text in _texts_of(version) for found in _MOVED.findall(text)]
    return {f"{schema or was}.{name or table}" for was, table, schema, name in moved}


def _empty(admin: psycopg.Connection, tables: Set[str]) -> set[str]:
    return {name for name in tables if admin.execute(f"select 1 from {name} limit 1".encode()).fetchone() is None}
