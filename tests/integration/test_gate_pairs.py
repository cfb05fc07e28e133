"""The pair memory as the database keeps it: whose seat a pair holds, and who saw the person last."""

import asyncio
from dataclasses import replace

from tests.integration.world import ask_all, enrol, make_world, question
from tierce.gate.model import Answer, Release
from tierce.policy.floors import BATCH_MAX
from tierce.storage.database import Database

PAIR = 5


def test_the_first_line_holds_the_seat_and_the_last_one_saw_the_person(database: Database) -> None:
    world = make_world(database)
    first, second, third = enrol(world), enrol(world), enrol(world)
    asks = [replace(question(caller, world.covered[0]), pair=PAIR) for caller in (first, second, third)]

    async def run() -> list[object]:
        gate = world.gate()
        await gate.start()
        try:
            return [*await ask_all(gate, asks[:2]), *await ask_all(gate, asks[2:])]
        finally:
            await gate.stop()

    answers = asyncio.run(run())
    assert len(asks) < BATCH_MAX
    assert all(isinstance(answer, Answer) and isinstance(answer.decision, Release) for answer in answers)
    assert world.scalar("select count(*) from journal.batch") == 2
    assert world.scalar(f"select line from access.pair where key = {PAIR}") == first.line
    assert world.scalar(f"select seen_line from access.pair where key = {PAIR}") == third.line
    # The database's floor counts both of a batch.
    assert world.scalar("select sum(drawn) from access.line where login is not null") == 1 + 1
