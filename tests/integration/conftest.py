"""A real PostgreSQL for the integration tests: a cluster a run, a fresh database a test."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.folders import private_folder
from tests.integration.desk import fill
from tests.integration.feeding import PLAN, Importer, make_importer, write_rows
from tests.integration.fresh import fresh_database, leave, make_light
from tests.integration.handlers_read import read_handlers_once
from tests.integration.signin_world import Desk, Play, desk, fill_directory, providers
from tests.integration.world import World, make_world
from tests.mailbox import mailbox
from tests.settings_file import settings_text
from tierce.lab.country.population import write_country
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, create_keys
from tierce.storage.migrate import migrate

Connect = Callable[..., psycopg.Connection]
INSTANCES = (
    "api",
    "office",
    "persons",
    "insurers",
    "signer",
    "worker",
    "feed",
    "notices",
    "billing",
    "peers",
    "upkeep",
)

read_handlers_once()


@pytest.fixture
def server_path() -> Iterator[Path]:
    """A folder for the data of a server of the test's own: pytest's is on a disk, and tidied by the next run."""
    with private_folder() as made:
        yield made


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL with the durable settings, which tidies nothing by itself.

    What its own tidying reads of a table is counted with what a test reads, and a plan may change in the middle of
    one: each happened to whatever database was there as a minute was over.
    """
    with private_folder() as home:
        running = Cluster(home, {**DURABLE, "shared_buffers": "128MB", "max_wal_size": "512MB", "autovacuum": "off"})
        running.start()
        yield running
        leave(running.database("postgres"))
        running.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Database:
    """A migrated, empty database that the others are copied from."""
    database = cluster.database("tierce_template")
    migrate(database)
    with database.connect(SUPERUSER) as admin:
        # Proofs of the second a database was made in are refused as old (access.proofs_since); its copies are later.
        admin.execute("update access.proof set at = at - interval '1 second'")
    make_light(database)
    return database


@pytest.fixture
def database(cluster: Cluster, template: Database) -> Iterator[Database]:
    """A fresh migrated database."""
    with fresh_database(cluster, template) as fresh:
        yield fresh


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


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every key file, made once: each is flushed to the disk as it is made."""
    directory = tmp_path_factory.mktemp("made") / "keys"
    create_keys(directory, INSTANCES)
    return directory


@pytest.fixture
def key_directory(made_keys: Path, tmp_path: Path) -> Path:
    """A directory with every key file, the test's own."""
    return Path(shutil.copytree(made_keys, tmp_path / "keys"))


@pytest.fixture
def keyring(key_directory: Path) -> Keyring:
    """Every key: tests play each process in turn."""
    return Keyring(key_directory, EVERY_KEY)


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the stand-ins for the identity providers."""
    with providers(tmp_path_factory.mktemp("providers")) as found:
        yield found


@pytest.fixture
def play(database: Database, keyring: Keyring, origin: str) -> Play:
    """Plays a scene at a desk where professionals sign in."""
    fill_directory(database)

    def run(scene: Callable[[Desk], Awaitable[Any]]) -> None:
        async def whole() -> None:
            async with desk(database, keyring, origin) as found:
                await scene(found)

        asyncio.run(whole())

    return run


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small country's files; no test changes them."""
    out = tmp_path_factory.mktemp("country") / "made"
    write_country(PLAN, out, lambda _made: None)
    return out


@pytest.fixture
def importer(connect: Connect, key_directory: Path, country: Path) -> Importer:
    """The operator's hand on the feeds, its insurers taken in."""
    made = make_importer(connect("tierce_feed"), key_directory)
    made.insurers(country / "insurers.csv")
    return made


@pytest.fixture
def send(importer: Importer, tmp_path: Path) -> Callable[[dict[str, str]], int]:
    """Import one line of the insurer it names; return how many were taken, 0 when it was refused."""

    def sent(row: dict[str, str]) -> int:
        return importer.rights(write_rows(tmp_path / "one.csv", [row]), row["amc"]).counts.taken

    return sent


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    """A register with real identifiers for three people."""
    made = make_world(database)
    fill(made, keyring)
    return made


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A mail server's folder and port."""
    folder = tmp_path / "mailbox"
    with mailbox(folder) as port:
        yield folder, port


@pytest.fixture
def settings(tmp_path: Path, database: Database, key_directory: Path) -> Path:
    """The settings file of an installation."""
    path = tmp_path / "tierce.toml"
    path.write_text(settings_text(database, key_directory, operator="Rive Claire"), encoding="utf-8")
    return path
