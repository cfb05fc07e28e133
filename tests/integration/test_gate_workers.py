"""Several workers on one database: what each remembers alone must not be what safety rests on."""

import asyncio
import gc
from collections import Counter

import pytest

from tests.integration.world import POLICY, World, ask_all, enrol, make_world, question
from tierce.gate.model import Answer, Refuse, Release
from tierce.gate.service import Gate
from tierce.gate.store import GateStore
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Outcome
from tierce.policy.seats import DAY_LIMITS
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
WORKERS = 3


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database)


async def started(world: World) -> list[Gate]:
    """As many gates as workers, each with its own connection."""
    gates = [world.gate() for _ in range(WORKERS)]
    for gate in gates:
        await gate.start()
    return gates


async def stopped(gates: list[Gate]) -> None:
    await asyncio.gather(*(gate.stop() for gate in gates))


def told(answer: object) -> str:
    """What one ask came to, in a word."""
    if isinstance(answer, Answer):
        outcome = getattr(answer.decision, "outcome", Outcome.RELEASED)
        return outcome.name.lower()
    return type(answer).__name__


def test_a_proof_sent_to_every_worker_at_once_serves_once(world: World) -> None:
    caller = enrol(world)

    async def run() -> list[list[object]]:
        gates = await started(world)
        try:
            asked = [question(caller, world.covered[0]) for _ in range(20)]
            return list(await asyncio.gather(*(ask_all(gate, asked) for gate in gates)))
        finally:
            await stopped(gates)

    by_gate = asyncio.run(run())
    for place in range(20):
        assert Counter(told(answers[place]) for answers in by_gate) == {"released": 1, "not_allowed": WORKERS - 1}


def test_attempts_of_the_day_are_one_count_over_all_workers(world: World) -> None:
    """Each worker learns for itself that a line is spent: at most one line of the journal a worker says so."""
    caller = enrol(world, Profession.GP)
    limit = DAY_LIMITS[Profession.GP].attempts

    async def run() -> list[object]:
        gates = await started(world)
        try:
            answers: list[object] = []
            for turn in range(limit + 4 * WORKERS):
                answers += await ask_all(gates[turn % WORKERS], [question(caller, world.covered[0])])
            return answers
        finally:
            await stopped(gates)

    answers = asyncio.run(run())
    assert [told(answer) for answer in answers] == ["released"] * limit + ["out_of_attempts"] * 4 * WORKERS
    assert world.scalar("select count(*) from journal.entry") == limit + WORKERS


def test_a_session_ended_anywhere_is_refused_by_every_worker(world: World) -> None:
    caller = enrol(world)

    async def run() -> list[object]:
        gates = await started(world)
        try:
            before = [(await ask_all(gate, [question(caller, world.covered[0])]))[0] for gate in gates]
            world.run("update access.session set revoked = now()")
            return before + [(await ask_all(gate, [question(caller, world.covered[0])]))[0] for gate in gates]
        finally:
            await stopped(gates)

    answers = asyncio.run(run())
    assert [told(answer) for answer in answers] == ["released"] * WORKERS + ["not_allowed"] * WORKERS
    assert all(isinstance(one.decision, Release | Refuse) for one in answers if isinstance(one, Answer))


def test_a_gate_that_stops_leaves_no_connection_half_open(world: World) -> None:
    """The server would wait a minute for the other half, and whoever drops or copies a database waits for it."""

    async def run() -> None:
        held = asyncio.Queue[asyncio.Task[None] | None]()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1000)
            held.put_nowait(asyncio.current_task())
            while await reader.read(1000):
                pass
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        nobody = f"host=127.0.0.1 port={port} user=tierce_api dbname=tierce"

        async def connect() -> GateStore:
            return await GateStore.connect(nobody if stopping else world.database.dsn("tierce_api"))

        stopping = False
        gate = Gate(connect, world.instance, world.key, SystemClock(), POLICY)
        await gate.start()
        stopping = True
        gate.renew()
        async with server, asyncio.timeout(30):
            serving = [await held.get() for _lane in range(2)]
            await gate.stop()
            await asyncio.gather(*(one for one in serving if one is not None))
        assert len(serving) == 2, "one for each lane"

    gc.disable()  # what frees it otherwise, some time or other
    try:
        asyncio.run(run())
    finally:
        gc.enable()
