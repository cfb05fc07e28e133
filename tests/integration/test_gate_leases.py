"""Ceilings are drawn from by lease: many processes never pass one by a single person, and a crash only loses some."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.stolen_credential import Thief, forged
from tests.integration.world import World, ask_all, enrol, make_world, question
from tests.waiting import eventually
from tierce.gate.errors import NotAnsweredError
from tierce.gate.model import Answer, Release
from tierce.gate.service import Gate
from tierce.identity.model import Caller
from tierce.journal.encoding import encode
from tierce.kernel.care import Profession
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
CONNECTIONS = 6
CEILING = 300


@pytest.fixture
def world(database: Database) -> World:
    """A small register whose ceiling of the day is soon reached."""
    made = make_world(database, people=200)
    made.run(f"update gate.ceiling set per_day = {CEILING} where scope = 'nation'")
    return made


def released(world: World) -> int:
    """People shown, as the journal counts them."""
    return int(str(world.scalar("select count(*) from journal.entry where kind = 1")))


def without_lease(thief: Thief, caller: Caller) -> None:
    """One batch that shows one person, on whatever lease there is."""
    with thief.connection.transaction():
        thief.open(caller)
        thief.close(caller, [encode(forged(caller, 1))])


def test_many_connections_together_reach_the_ceiling_and_never_pass_it(world: World, connect: Connect) -> None:
    """Without mercy: each takes batches of three, on lines of its own, as long as the database lets it."""
    thieves = [Thief(world, connect("tierce_api", autocommit=True)) for _ in range(CONNECTIONS)]
    callers = [[enrol(world) for _ in range(16)] for _ in thieves]

    def drain(thief: Thief, lines: list[Caller]) -> str:
        refusals = ""
        for size in (3, 1):  # what is left of a lease may be less than a batch
            shares = ((line, list(range(1, 1 + size))) for line in lines for _ in range(9))
            _, refusals = thief.take_until_refused(shares)
        return refusals

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        ends = list(pool.map(drain, thieves, callers))
    assert all("ceiling" in end for end in ends), ends
    assert released(world) == CEILING
    assert world.scalar("select sum(left_day) from gate.leased") == 0
    assert world.scalar("select in_day from gate.pool where scope = 'nation'") == CEILING


def test_a_connection_that_dies_with_its_lease_takes_it_along(world: World, connect: Connect) -> None:
    dying = Thief(world, connect("tierce_api", autocommit=True))
    leased = dying.lease()
    dying.take(enrol(world), [1, 2, 3])
    lost = int(str(world.scalar("select sum(left_day) from gate.leased")))
    assert lost >= leased - 3
    world.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")
    gone = "select count(*) from pg_stat_activity where usename = 'tierce_api'"
    eventually(lambda: world.scalar(gone) == 0, "the connection gone")
    heir = Thief(world, connect("tierce_api", autocommit=True))
    had, refusal = heir.take_until_refused((enrol(world), list(range(1, 9))) for _ in range(60))
    more, refusal = heir.take_until_refused((enrol(world), [1]) for _ in range(9))
    assert "ceiling" in refusal
    assert len(had) + len(more) == CEILING - 3 - lost
    assert released(world) == CEILING - lost


def test_nothing_is_shown_without_a_lease_nor_twice_on_one(world: World, connect: Connect) -> None:
    thief = Thief(world, connect("tierce_api", autocommit=True))
    caller = enrol(world)
    with pytest.raises(psycopg.errors.CheckViolation, match="leased"):
        without_lease(thief, caller)
    # A lease taken in a transaction that is undone was never had.
    with thief.connection.transaction(force_rollback=True):
        assert thief.lease() > 0
    assert world.scalar("select count(*) from gate.leased where left_day > 0") == 0
    # Asking again and again draws no more than one block.
    first = thief.lease()
    assert [thief.lease() for _ in range(5)] == [first] * 5


def test_a_lease_of_a_minute_gone_by_opens_nothing(world: World, connect: Connect) -> None:
    thief = Thief(world, connect("tierce_api", autocommit=True))
    caller = enrol(world)
    thief.lease()
    world.run("update gate.leased set minute = minute - 2")
    with pytest.raises(psycopg.errors.CheckViolation, match="leased"):
        without_lease(thief, caller)


def test_a_clock_put_back_opens_no_second_minute(world: World, connect: Connect) -> None:
    thief = Thief(world, connect("tierce_api", autocommit=True))
    thief.lease()
    world.run("update gate.pool set minute = minute + 5, in_minute = 5999 where scope = 'nation'")
    world.run("delete from gate.leased")
    assert thief.lease() == 1, "the later minute still counts, and one person is left in it"


def test_the_gate_leases_again_when_its_minute_is_over(world: World) -> None:
    caller = enrol(world, Profession.OPTICIAN)

    async def run() -> list[object]:
        gate: Gate = world.gate()
        await gate.start()
        try:
            answers = await ask_all(gate, [question(caller, world.covered[0])])
            world.run("update gate.leased set minute = minute - 2")
            return answers + await ask_all(gate, [question(caller, person) for person in world.covered[1:4]])
        finally:
            await gate.stop()

    answers = asyncio.run(run())
    assert all(isinstance(one, Answer) and isinstance(one.decision, Release) for one in answers)


def test_past_the_ceiling_people_are_refused_and_the_rest_is_answered(world: World) -> None:
    world.run("update gate.ceiling set per_day = 2 where scope = 'nation'")
    caller = enrol(world)

    async def run() -> list[object]:
        gate: Gate = world.gate()
        await gate.start()
        try:
            people = [*world.covered[:3], *world.not_covered[:1]]
            return await ask_all(gate, [question(caller, person) for person in people])
        finally:
            await gate.stop()

    answers = asyncio.run(run())
    shown = [one for one in answers if isinstance(one, Answer) and isinstance(one.decision, Release)]
    refused = [one for one in answers if isinstance(one, NotAnsweredError)]
    assert (len(shown), len(refused), released(world)) == (2, 1, 2)
    assert isinstance(answers[3], Answer)
