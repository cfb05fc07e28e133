"""An installation whose people are looked up, and how each door looks for them, while look-up keys are replaced."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from typer.testing import CliRunner

from tests.integration.desk import PAUL, STRANGER, Counter, counter
from tests.integration.test_operation_keys import stop_at
from tests.integration.world import World
from tierce.cli import app
from tierce.identity.store import persons_with_traits
from tierce.kernel.traits import normalise_traits
from tierce.settings import Settings, load
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, Purpose
from tierce.storage.lookup_keys import Progress, mark, take
from tierce.upkeep.rotation.lookups import service

RUNNER = CliRunner()
TRAITS = normalise_traits("LENOIR", "Paul", "19800112", "M", "99999")
INDEX, TRAIT = Purpose.INDEX, Purpose.TRAIT


@dataclass(frozen=True, slots=True)
class Said(Database):
    """The database as a process reaches it that was started under a key: its connections say so."""

    saying: Callable[[str], str] = str

    def dsn(self, role: str) -> str:
        return self.saying(Database.dsn(self, role))


@dataclass(frozen=True)
class Process:
    """One that was started, with the keys that it took."""

    database: Database
    keyring: Keyring


@dataclass(frozen=True)
class House:
    """An installation with people who are looked for by professionals, and one who signs in."""

    file: Path
    keys: Path
    database: Database
    world: World
    admin: psycopg.Connection

    @property
    def settings(self) -> Settings:
        return load(self.file)

    def run(self, *words: str) -> str:
        done = RUNNER.invoke(app, [*words, "--settings", str(self.file)])
        assert done.exit_code == 0, done.output
        return done.output

    def started(self, role: str, purpose: Purpose) -> Process:
        """Start a process of `role`, that looks up by `purpose`."""
        keyring, own = Keyring(self.keys, EVERY_KEY), self.database
        with own.connect(role) as connection:
            saying = take(connection, keyring, [purpose])
        return Process(Said(own.host, own.port, own.name, own.secrets, own.authority, saying), keyring)

    def api(self) -> Process:
        """`api`, started now."""
        return self.started("tierce_api", INDEX)

    def persons(self) -> Process:
        """`persons`, started now."""
        return self.started("tierce_persons", TRAIT)

    def indexes(self, table: str = "person.key") -> set[tuple[UUID, int]]:
        return set(self.admin.execute(f"select idx, person from {table}".encode()).fetchall())

    def step(self, purpose: Purpose) -> Progress:
        with self.database.connect("tierce_feed") as connection:
            return mark(connection, purpose).step

    def rotate(self, purpose: Purpose = INDEX, step: str = "") -> int:
        return service.rotate_lookup(
            self.settings, purpose, lambda _n: None, stop_at(step), rows_at_once=7
        ).generation

    def forget(self, purpose: Purpose = INDEX, step: str = "") -> int:
        return service.forget_lookup(self.settings, purpose, lambda _n: None, stop_at(step), rows_at_once=7)


def _leave(house: House) -> None:
    """The professional's browser is closed: the next one has another session under the same handle."""
    house.admin.execute("update access.session set handle = sha256(id::text::bytea) where revoked is null")


async def _asks(house: House, process: Process) -> tuple[bool, bool]:
    world = World(process.database, house.world.key, house.world.instance, [], [])
    async with counter(world, process.keyring) as desk:
        return await _shown(desk, PAUL), await _shown(desk, STRANGER)


async def _shown(desk: Counter, nir: str) -> bool:
    answer = await desk.ask(nir)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["shown"])


def finds(house: House, process: Process) -> bool:
    """Whether a professional is shown Paul's cover, and not a stranger's, by this `api`."""
    paul, stranger = asyncio.run(_asks(house, process))
    _leave(house)
    assert not stranger
    return paul


def linked(process: Process) -> list[int]:
    """Whom this `persons` finds by the traits of the twins."""

    async def look() -> list[int]:
        async with await psycopg.AsyncConnection.connect(process.database.dsn("tierce_persons")) as connection:
            return [int(one) for one in await persons_with_traits(connection, process.keyring.index(TRAIT, TRAITS))]

    return sorted(asyncio.run(look()))
