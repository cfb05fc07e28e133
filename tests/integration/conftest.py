"""A real PostgreSQL for the integration tests: a cluster a run, a fresh database a test."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.folders import private_folder
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, create_keys
from tierce.storage.migrate import migrate
from tierce.storage.roles import ROLES

Connect = Callable[..., psycopg.Connection]
INSTANCES = ("api", "office", "persons", "insurers", "signer", "worker", "feed", "notices", "upkeep")
_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL with the durable settings."""
    with private_folder() as home:
        running = Cluster(home, {**DURABLE, "shared_buffers": "128MB", "max_wal_size": "512MB"})
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Database:
    """A migrated, empty database that the others are copied from."""
    database = cluster.database("tierce_template")
    migrate(database)
    return database


@pytest.fixture
def database(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A fresh migrated database."""
    fresh = template.named(f"tierce_test_{next(_numbers)}")
    with cluster.database("postgres").connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(f"create database {fresh.name} template {template.name} owner tierce_owner".encode())
        # Grants on the database itself are not copied from the template.
        admin.execute(f"revoke all on database {fresh.name} from public".encode())
        admin.execute(f"grant connect on database {fresh.name} to {', '.join(ROLES)}".encode())
        admin.execute(f"grant temporary on database {fresh.name} to tierce_feed, tierce_notices".encode())
    yield fresh
    with cluster.database("postgres").connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(f"drop database {fresh.name} with (force)".encode())


@pytest.fixture
def connect(database: Database) -> Iterator[Connect]:
    """Open connections as any role; they are closed after the test."""
    opened: list[psycopg.Connection] = []

    def open_as(role: str, *, autocommit: bool = False) -> psycopg.Connection:
        connection = database.connect(role, autocommit=autocommit)
        opened.append(connection)
        return connection

    yield open_as
    for connection in opened:
        connection.close()


@pytest.fixture
def key_directory(tmp_path: Path) -> Path:
    """A directory with every key file."""
    directory = tmp_path / "keys"
    create_keys(directory, INSTANCES)
    return directory


@pytest.fixture
def keyring(key_directory: Path) -> Keyring:
    """Every key: tests play each process in turn."""
    return Keyring(key_directory, EVERY_KEY)
