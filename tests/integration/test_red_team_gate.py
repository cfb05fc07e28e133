"""Attacks on the gate itself: filling its queue, and asking after one was struck off."""

import asyncio

import pytest

from tests.integration.world import World, enrol, make_world, question
from tierce.gate.errors import GateBusyError
from tierce.gate.lane import LINE_WAITING_MAX
from tierce.gate.model import Answer, Refuse, Release
from tierce.policy.acts import Outcome
from tierce.storage.database import Database


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def test_one_thief_cannot_fill_the_queue_and_turn_her_neighbours_away(world: World) -> None:
    thief, honest = enrol(world), enrol(world)

    async def flood() -> tuple[list[object], object]:
        held, more = asyncio.Event(), asyncio.Event()

        async def step(step_name: str) -> None:
            if step_name == "open":
                held.set()
                await more.wait()

        gate = world.gate(step)
        await gate.start()
        asks = [asyncio.create_task(gate.ask(question(thief, world.covered[0]))) for _ in range(3 * LINE_WAITING_MAX)]
        await held.wait()
        neighbour = asyncio.create_task(gate.ask(question(honest, world.covered[1])))
        more.set()
        done = await asyncio.gather(*asks, return_exceptions=True)
        answer = await neighbour
        again = await gate.ask(question(thief, world.covered[0]))
        await gate.stop()
        assert isinstance(again, Answer), "what was turned away does not stay counted"
        return list(done), answer

    done, answer = asyncio.run(flood())
    assert isinstance(answer, Answer)
    assert isinstance(answer.decision, Release)
    assert sum(isinstance(one, GateBusyError) for one in done) == 2 * LINE_WAITING_MAX
    assert sum(isinstance(one, Answer) for one in done) == LINE_WAITING_MAX


def test_a_professional_struck_off_the_directory_asks_nobody_with_a_session_still_open(world: World) -> None:
    caller = enrol(world)

    async def ask(person: int) -> object:
        gate = world.gate()
        await gate.start()
        answer = await gate.ask(question(caller, world.covered[person]))
        await gate.stop()
        return answer

    first = asyncio.run(ask(0))
    assert isinstance(first, Answer)
    assert isinstance(first.decision, Release)
    world.run(f"update directory.activity set listed = false where professional = {caller.professional}")
    then = asyncio.run(ask(0))
    assert isinstance(then, Answer)
    assert then.decision == Refuse(Outcome.NOT_ALLOWED)
    assert world.scalar(f"select count(*) from journal.entry where professional = {caller.professional}") == 2
