"""A professional's browser in front of the hot routes, over a register with real identifiers and sealed records."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from psycopg_pool import AsyncConnectionPool

from tests.integration.fresh import as_superuser
from tests.integration.world import World, enrol, prove_pairs
from tierce.gate.service import Gate
from tierce.identity.dpop import ProofVerifier
from tierce.identity.model import Caller
from tierce.identity.oidc import digest
from tierce.identity.service import Pool, Sessions
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.identifiers import STORY_COMMUNE, make_nir
from tierce.lab.standins.browser_key import BrowserKey
from tierce.presence.plugins import Verifier
from tierce.presence.service import Proofs
from tierce.registry.records import CoverageRecord, encode_record
from tierce.rights.history import History
from tierce.rights.remote.service import Insurers
from tierce.rights.service import Rights, Shelf
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.web.api.callers import Callers
from tierce.web.api.hot import HotRoutes
from tierce.web.fhir.eligibility import Eligibility

URL = "https://api.tierce.example"
HANDLE = "u" * 43
BIRTH = "19800112"
PAUL, UNCOVERED, STRANGER, LATER = (make_nir("M", 1980, 1, f"03{STORY_COMMUNE}", order) for order in (1, 2, 3, 4))


def place(world: World, keyring: Keyring, nir: str, person: int) -> None:
    """Give a person of the world these identifiers, and a real sealed record."""
    who = normalise(Nir.parse(nir), BirthDate.parse(BIRTH), Rank.parse(1))
    record = CoverageRecord(1, 1, "P1", "C1", "M1", "M1", 1, 0xFFF, 0, 40_000, 1, 1, False, None, 0)
    with as_superuser(world.database) as admin:
        sealed = load_sealer(admin, keyring, [Compartment.COVERAGE]).seal(
            Compartment.COVERAGE, InsurerId(1), PersonId(person), encode_record(record)
        )
        admin.execute("update coverage.coverage set sealed = %s where person = %s", (sealed, person))
    named(world, keyring, who, person)


def named(world: World, keyring: Keyring, who: bytes, person: int) -> None:
    """Give a person of the world one more set of identifiers."""
    with as_superuser(world.database) as admin:
        admin.execute("insert into person.key values (%s, %s)", (keyring.hash(Purpose.INDEX).uuid(who), person))


def fill(world: World, keyring: Keyring) -> None:
    """Keys, a product with its guarantees, and three people with identifiers."""
    with as_superuser(world.database) as admin:
        make_insurer_keys(admin, keyring, [InsurerId(1)])
        admin.execute(
            "insert into registry.product (id, insurer, code, name, responsible)"
            " overriding system value values (1, 1, 'P1', 'Essentiel', true)"
        )
        for domain in Domain:
            admin.execute("insert into registry.guarantee values (1, %s, 'TM', 'co-payment')", (domain.value,))
    for nir, person in ((PAUL, 1), (LATER, 2), (UNCOVERED, 41)):
        place(world, keyring, nir, person)


@dataclass
class Counter:
    """A professional's browser in front of the API."""

    http: httpx.AsyncClient
    key: BrowserKey
    rights: Rights
    caller: Caller

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """One signed request."""
        raw = json.dumps(body).encode()
        proof = self.key.proof("POST", URL + path, handle=HANDLE, at=SystemClock().now().timestamp(), body=raw)
        headers = {"Authorization": f"DPoP {HANDLE}", "DPoP": proof.decode()}
        return await self.http.post(path, content=raw, headers=headers)

    async def ask(self, nir: str, domain: str = "MEDG", presence: object = None) -> httpx.Response:
        """Ask for a person, today."""
        today = date_of(paris_day(SystemClock().now())).isoformat()
        body = {"nir": nir, "birth_date": BIRTH, "domain": domain, "care_date": today}
        return await self.post("/v1/rights", body if presence is None else {**body, "presence": presence})


@asynccontextmanager
async def counter(
    world: World,
    keyring: Keyring,
    gate: Gate | None = None,
    verifiers: Mapping[str, Verifier] | None = None,
    insurers: Callable[[Gate, Pool], Insurers] | None = None,
) -> AsyncIterator[Counter]:
    """The hot routes as the process wires them, for a new device; `gate` is one that a fault test prepared.

    `insurers` makes those that are asked on the way.
    """
    key, clock = BrowserKey(), SystemClock()
    caller = enrol(world, established=False)
    with as_superuser(world.database) as admin:
        admin.execute("update access.session set handle = %s where id = %s", (digest(HANDLE), caller.session))
        admin.execute("update access.device set thumbprint = %s where id = %s", (key.thumbprint, caller.device))
    prove_pairs(world, keyring)
    gate = gate or world.gate()
    pool: Pool = AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=2, open=False)
    async with pool:
        async with pool.connection() as connection:
            shelf = await Shelf.load(connection, keyring)
        await gate.start()
        sessions = Sessions(pool, Appender(world.instance, world.key), clock, lambda _: bytes(16), bytes(16))
        proofs = Proofs(keyring.hash(Purpose.CARD), pool.connection, clock, verifiers)
        asked = insurers(gate, pool) if insurers is not None else None
        rights = Rights(gate, keyring, shelf, clock, proofs=proofs, insurers=asked)
        app: Any = HotRoutes(
            _nothing_else,
            gate=gate,
            rights=rights,
            callers=Callers(sessions, clock),
            history=History(pool, keyring, clock),
            proofs=ProofVerifier(clock),
            fhir=Eligibility(clock, real=False),
            url=URL,
            say_closed=lambda: None,
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as http:
            yield Counter(http, key, rights, caller)
        if asked is not None:
            await asked.stop()
        await gate.stop()


async def _nothing_else(*_: object) -> None:
    """No test here leaves the hot routes."""
    raise AssertionError
