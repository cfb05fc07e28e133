"""From outside, unknown, not covered and not shown are one answer, to the byte: the API's own bytes, real gate."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool

from tests.integration.world import World, enrol, make_world
from tierce.gate.service import Gate
from tierce.identity.dpop import ProofVerifier
from tierce.identity.oidc import digest
from tierce.identity.service import Pool, Sessions
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.identifiers import STORY_COMMUNE, make_nir
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.seats import PROBATION_LIMIT, cap_of
from tierce.registry.records import CoverageRecord, encode_record
from tierce.rights.history import History
from tierce.rights.rules import ANSWER_BYTES
from tierce.rights.service import Rights, Shelf
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.web.api.callers import Callers
from tierce.web.api.hot import HotRoutes

URL = "https://api.tierce.example"
HANDLE = "u" * 43
BIRTH = "19800112"
PAUL, UNCOVERED, STRANGER, LATER = (make_nir("M", 1980, 1, f"03{STORY_COMMUNE}", order) for order in (1, 2, 3, 4))


def _place(world: World, keyring: Keyring, nir: str, person: int) -> None:
    """Give a person of the world these identifiers, and a real sealed record."""
    who = normalise(Nir.parse(nir), BirthDate.parse(BIRTH), Rank.parse(1))
    record = CoverageRecord(1, 1, "P1", "C1", "M1", "M1", 1, 0xFFF, 0, 40_000, 1, 1, False, None, 0)
    with world.database.connect(SUPERUSER) as admin:
        sealed = load_sealer(admin, keyring, [Compartment.COVERAGE]).seal(
            Compartment.COVERAGE, InsurerId(1), PersonId(person), encode_record(record)
        )
        admin.execute("insert into person.key values (%s, %s)", (keyring.hash(Purpose.INDEX).uuid(who), person))
        admin.execute("update coverage.coverage set sealed = %s where person = %s", (sealed, person))


def _fill(world: World, keyring: Keyring) -> None:
    with world.database.connect(SUPERUSER) as admin:
        make_insurer_keys(admin, keyring, [InsurerId(1)])
        admin.execute(
            "insert into registry.product (id, insurer, code, name, responsible)"
            " overriding system value values (1, 1, 'P1', 'Essentiel', true)"
        )
        for domain in Domain:
            admin.execute("insert into registry.guarantee values (1, %s, 'TM', 'co-payment')", (domain.value,))
    for nir, person in ((PAUL, 1), (LATER, 2), (UNCOVERED, 41)):
        _place(world, keyring, nir, person)


@dataclass
class Counter:
    """A professional's browser in front of the API."""

    http: httpx.AsyncClient
    key: BrowserKey

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """One signed request."""
        raw = json.dumps(body).encode()
        proof = self.key.proof("POST", URL + path, handle=HANDLE, at=SystemClock().now().timestamp(), body=raw)
        headers = {"Authorization": f"DPoP {HANDLE}", "DPoP": proof.decode()}
        return await self.http.post(path, content=raw, headers=headers)

    async def ask(self, nir: str, domain: str = "MEDG") -> httpx.Response:
        """Ask for a person, today."""
        today = date_of(paris_day(SystemClock().now())).isoformat()
        return await self.post("/v1/rights", {"nir": nir, "birth_date": BIRTH, "domain": domain, "care_date": today})


@asynccontextmanager
async def counter(world: World, keyring: Keyring) -> AsyncIterator[Counter]:
    """The hot routes as the process wires them, for a new device."""
    key, clock = BrowserKey(), SystemClock()
    caller = enrol(world, established=False)
    with world.database.connect(SUPERUSER) as admin:
        admin.execute("update access.session set handle = %s where id = %s", (digest(HANDLE), caller.session))
        admin.execute("update access.device set thumbprint = %s where id = %s", (key.thumbprint, caller.device))
    gate: Gate = world.gate()
    pool: Pool = AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=2, open=False)
    async with pool:
        async with pool.connection() as connection:
            shelf = await Shelf.load(connection, keyring)
        await gate.start()
        sessions = Sessions(pool, Appender(world.instance, world.key), clock, lambda _: bytes(16), bytes(16))
        app: Any = HotRoutes(
            _nothing_else,
            gate=gate,
            rights=Rights(gate, keyring, shelf, clock),
            callers=Callers(sessions),
            history=History(pool, keyring, clock),
            proofs=ProofVerifier(clock),
            url=URL,
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as http:
            yield Counter(http, key)
        await gate.stop()


async def _nothing_else(*_: object) -> None:
    """No test here leaves the hot routes."""
    raise AssertionError


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    """A register with real identifiers for three people."""
    world = make_world(database)
    _fill(world, keyring)
    return world


def told(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], int]:
    """All that a listener sees of an answer but its bytes."""
    return response.status_code, list(response.headers.raw), len(response.content)


def test_unknown_not_covered_and_out_of_seats_are_one_answer(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return [await desk.ask(nir) for nir in (PAUL, STRANGER, UNCOVERED, LATER, LATER, STRANGER)]

    shown, unknown, not_covered, out_of_seats, again, known_miss = asyncio.run(run())
    assert cap_of(PROBATION_LIMIT) == 3
    assert shown.json()["shown"] is True
    hidden = [unknown, not_covered, out_of_seats, again, known_miss]
    assert len({response.content for response in hidden}) == 1
    assert unknown.json() == {"shown": False, "ways": ["card", "app", "person", "call"]}
    # An answer that shows differs in its bytes alone.
    assert {json.dumps([str(part) for part in told(response)]) for response in [shown, *hidden]} == {
        json.dumps([str(part) for part in told(shown)])
    }
    assert len(shown.content) == ANSWER_BYTES
    # The journal knows the difference.
    assert world.scalar("select array_agg(get_byte(body, 4) order by seq) from journal.entry") == [1, 2, 3, 4, 4, 2]


@pytest.mark.parametrize("rung", [2, 3])
def test_held_is_the_same_answer_too(world: World, keyring: Keyring, rung: int) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            before = await desk.ask(STRANGER)
            world.run(
                "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
                f" values (1, 9, 0, {rung}, now(), now() + interval '1 hour', 'test', 'test')"
            )
            return [before, await desk.ask(PAUL), await desk.ask(UNCOVERED), await desk.ask(STRANGER)]

    answers = asyncio.run(run())
    assert len({response.content for response in answers}) == 1
    assert len({str(told(response)) for response in answers}) == 1


def test_a_domain_that_is_not_the_profession_s_is_refused_whoever_is_asked_for(
    world: World, keyring: Keyring
) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            await desk.ask(PAUL)
            return [await desk.ask(nir, "OPTI") for nir in (PAUL, STRANGER, UNCOVERED)]

    answers = asyncio.run(run())
    assert {response.status_code for response in answers} == {403}
    assert len({response.content for response in answers}) == 1
    assert len({str(told(response)) for response in answers}) == 1


def test_another_establishment_s_engagement_is_like_a_mistyped_number(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            mine = (await desk.ask(PAUL)).json()["engagement"]
            world.run("update care.engagement set establishment = 1")
            broken = mine[:-1] + ("0" if mine[-1] != "0" else "1")
            return [await desk.post(f"/v1/history/{number}/revisit", {}) for number in (mine, broken, "nothing")]

    answers = asyncio.run(run())
    assert {response.status_code for response in answers} == {422}
    assert len({response.content for response in answers}) == 1
