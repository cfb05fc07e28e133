"""Several real processes ask for all they can at once: no line, of any kind, is ever overspent by one seat."""

import asyncio
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.forks import FORKS
from tests.integration.conftest import Connect
from tests.integration.world import World, ask_all, enrol, make_world, question
from tierce.gate.model import Answer, Release
from tierce.identity.model import Caller
from tierce.kernel.care import Profession
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level
from tierce.policy.lines import place_of
from tierce.policy.seats import SEATS, cap_of, unpack
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
PROCESSES = 4
CAP = 20
"""Seats that a common line of these tests gives in a day."""
A_DAY = cap_of(SEATS[Profession.GP].a)
"""People whom one settled device of a GP is shown in a day, and so is one establishment of one desk."""
RELEASED = "released"


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database, people=120)


def hammer(
    database: Database, key: bytes, instance: int, people: list[UUID], callers: list[Caller], turns: int
) -> Counter[str]:
    """One process: its own gate and connections, every caller asking for somebody new at each turn."""
    world = World(database, Ed25519PrivateKey.from_private_bytes(key), instance, people, [])

    async def run() -> Counter[str]:
        gate = world.gate(slots=2)
        await gate.start()
        told: Counter[str] = Counter()
        try:
            for turn in range(turns):
                asks = [
                    question(caller, people[(turn + place * turns) % len(people)])
                    for place, caller in enumerate(callers)
                ]
                for answer in await ask_all(gate, asks):
                    assert isinstance(answer, Answer), answer
                    decision = answer.decision
                    told[RELEASED if isinstance(decision, Release) else decision.outcome.name] += 1
        finally:
            await gate.stop()
        return told

    return asyncio.run(run())


def together(world: World, shares: list[list[Caller]], turns: int) -> Counter[str]:
    """Every process at once, each with people of its own; what came of all the asks."""
    each = len(world.covered) // PROCESSES
    key = world.key.private_bytes_raw()
    with ProcessPoolExecutor(PROCESSES, FORKS) as pool:
        tasks = [
            pool.submit(
                hammer, world.database, key, world.instance, world.covered[n * each : (n + 1) * each], share, turns
            )
            for n, share in enumerate(shares)
        ]
        total: Counter[str] = Counter()
        for task in tasks:
            total += task.result()
    return total


def test_one_login_on_one_device(world: World) -> None:
    caller = enrol(world, Profession.GP)
    told = together(world, [[caller]] * PROCESSES, turns=12)
    assert told == {RELEASED: A_DAY, Outcome.OUT_OF_SEATS.name: 48 - A_DAY}
    state = world.scalar(f"select state from access.line where id = {caller.line}")
    assert isinstance(state, bytes)
    assert unpack(state).open == told[RELEASED]


def test_one_establishment_with_many_professionals(world: World) -> None:
    first = enrol(world, Profession.GP)
    shares = [[enrol(world, Profession.GP, at=first) for _ in range(3)] for _ in range(PROCESSES)]
    told = together(world, shares, turns=4)
    assert told == {RELEASED: A_DAY, Outcome.PLACE_FULL.name: 48 - A_DAY}
    number = place_of(first.establishment, Profession.GP)
    state = world.scalar(f"select state from access.line where id = {number}")
    assert isinstance(state, bytes)
    assert unpack(state).open == A_DAY


@pytest.mark.parametrize("level", [Level.SOFTWARE, Level.VENDOR, Level.CELL, Level.NATION])
def test_a_line_that_many_share(world: World, level: Level) -> None:
    base = CAP if level in (Level.CELL, Level.NATION) else 3 * CAP
    world.run(f"update gate.common_size set base = {base} where kind = {level.value}")
    shares = [[enrol(world, Profession.GP) for _ in range(5)] for _ in range(PROCESSES)]
    told = together(world, shares, turns=3)
    assert told[RELEASED] + told[Outcome.COMMON_FULL.name] == PROCESSES * 5 * 3
    # A process may hold what another lacks: fewer are served than the line gives, never one more.
    assert CAP // 2 <= told[RELEASED] <= CAP
    # What was not spent was given back when the processes ended, so every line says what was drawn, to the unit.
    drawn = "select array_agg(distinct today) from gate.common"
    assert world.scalar(drawn) == [told[RELEASED]]
    seats = f"select sum(s) from gate.common, unnest(seats) s where kind = {Level.VENDOR.value}"
    assert world.scalar(seats) == told[RELEASED]


CALLS_A_DAY = 23
"""Looks at the clock after which a day of the next test is over, most often between two lines of one call."""


def test_midnight_comes_between_two_lines_of_one_call(world: World, connect: Connect) -> None:
    """The units of a call are good for one day, and no line ever gives more for a day than it has."""
    world.run(
        f"update gate.common_size set base = case when kind >= 7 then {CAP} else {30 * CAP} end;"
        " create sequence gate.looked; grant usage on sequence gate.looked to tierce_owner;"
        " create or replace function gate.this_day() returns integer language sql volatile as"
        f" $$ select 20000 + (nextval('gate.looked') / {CALLS_A_DAY})::integer $$"
    )
    lines = [(level.value, 7) for level in (Level.SOFTWARE, Level.VENDOR, Level.CELL)] + [(Level.NATION.value, 0)]
    kinds, subjects = ([line[n] for line in lines] for n in (0, 1))

    def draws(api: psycopg.Connection) -> Counter[tuple[int, int]]:
        got: Counter[tuple[int, int]] = Counter()
        for _ in range(60):
            row = api.execute(
                "select * from gate.lend(%s::smallint[], %s::bigint[], %s, %s, %s)",
                (kinds, subjects, [8] * 4, [0] * 4, [0] * 4),
            ).fetchone()
            assert row is not None
            got.update({(kind, row[0]): units for kind, units in zip(kinds, row[1], strict=True)})
        return got

    connections = [connect("tierce_api", autocommit=True) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        given = sum(pool.map(draws, connections), Counter())
    assert {kind for kind, _ in given} == set(kinds)
    days = sorted({day for _, day in given})
    assert len(days) > 9
    assert max(units for (kind, _), units in given.items() if kind >= Level.CELL) == CAP
    for kind in (Level.SOFTWARE, Level.VENDOR):
        seats = world.scalar(f"select seats from gate.common where kind = {kind.value}")
        assert isinstance(seats, list)
        told = {day: seats[day % 30] for day in days[-9:]}
        assert told == {day: given[kind, day] for day in told}, "a seat is as old as the day that it was drawn for"
