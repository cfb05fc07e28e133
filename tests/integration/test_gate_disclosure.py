"""One disclosure on a real database: seats, known pairs, misses, limits, and never an answer without its line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from tests.integration.world import SEALED, World, again, ask_all, enrol, make_world, question
from tierce.gate.errors import GateClosedError, NotAnsweredError
from tierce.gate.model import Answer, Refuse, Release, StepUp
from tierce.gate.service import Gate
from tierce.identity.model import Caller
from tierce.kernel.care import Profession
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level, Rung
from tierce.policy.seats import DAY_LIMITS, PROBATION_LIMIT, SEATS, cap_of
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
T = TypeVar("T")


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database)


def served(world: World, use: Callable[[Gate], Awaitable[T]]) -> T:
    """Run `use` with a started gate, and stop it."""

    async def run() -> T:
        gate = world.gate()
        await gate.start()
        try:
            return await use(gate)
        finally:
            await gate.stop()

    return asyncio.run(run())


def one_by_one(world: World, caller: Caller, people: list[UUID]) -> list[Answer]:
    """Ask for people in turn."""

    async def use(gate: Gate) -> list[Answer]:
        return [await gate.ask(question(caller, person)) for person in people]

    return served(world, use)


def outcomes(answers: list[Answer]) -> list[Outcome]:
    """What the journal says of each answer."""
    return [
        Outcome.RELEASED if isinstance(answer.decision, Release) else answer.decision.outcome for answer in answers
    ]


def test_a_first_ask_releases_and_takes_a_seat(world: World) -> None:
    caller = enrol(world)
    [answer] = one_by_one(world, caller, world.covered[:1])
    assert isinstance(answer.decision, Release)
    assert answer.revealed is not None
    assert answer.revealed.sealed == SEALED
    assert world.scalar("select count(*) from journal.entry where kind = 1") == 1
    assert world.scalar("select count(*) from care.engagement") == 1
    assert world.scalar("select drawn from access.line") == 1


def test_unknown_and_not_covered_take_a_seat_and_show_nothing(world: World) -> None:
    caller = enrol(world)
    answers = one_by_one(world, caller, [uuid4(), world.not_covered[0]])
    assert outcomes(answers) == [Outcome.UNKNOWN, Outcome.NOT_ELIGIBLE]
    assert all(isinstance(answer.decision, StepUp) and answer.revealed is None for answer in answers)
    assert world.scalar("select count(*) from journal.entry where kind = 3") == 2


def test_a_new_device_learns_five_people_and_no_more(world: World) -> None:
    caller = enrol(world, established=False)
    answers = one_by_one(world, caller, world.covered[:20])
    cap = cap_of(PROBATION_LIMIT)
    assert outcomes(answers) == [Outcome.RELEASED] * cap + [Outcome.OUT_OF_SEATS] * (20 - cap)


def test_a_known_pair_takes_no_second_seat(world: World) -> None:
    caller = enrol(world, established=False)
    person = world.covered[0]
    answers = one_by_one(world, caller, [person] * 9)
    assert outcomes(answers) == [Outcome.RELEASED] * 9
    assert world.scalar("select drawn from access.line") == 1


def test_attempts_end_the_day_before_anything_else(world: World) -> None:
    caller = enrol(world, Profession.GP)
    limit = DAY_LIMITS[Profession.GP].attempts
    answers = one_by_one(world, caller, [world.covered[0]] * (limit + 1))
    assert outcomes(answers)[:limit] == [Outcome.RELEASED] * limit
    assert isinstance(answers[-1].decision, Refuse)
    assert answers[-1].decision.outcome is Outcome.OUT_OF_ATTEMPTS


def test_many_at_once_never_overspend(world: World) -> None:
    caller = enrol(world)
    cap = cap_of(SEATS[Profession.GP].a)

    async def use(gate: Gate) -> list[object]:
        other = world.gate()
        await other.start()
        try:
            halves = await asyncio.gather(
                ask_all(gate, [question(caller, person) for person in world.covered[:20]]),
                ask_all(other, [question(caller, person) for person in world.covered[20:]]),
            )
        finally:
            await other.stop()
        return [*halves[0], *halves[1]]

    answers = served(world, use)
    released = [a for a in answers if isinstance(a, Answer) and isinstance(a.decision, Release)]
    assert len(released) == cap
    assert world.scalar("select drawn from access.line") == cap


def test_a_replayed_proof_is_refused(world: World) -> None:
    caller = enrol(world)
    asked = question(caller, world.covered[0])

    async def use(gate: Gate) -> list[Answer]:
        return [await gate.ask(asked), await gate.ask(asked)]

    first, second = served(world, use)
    assert isinstance(first.decision, Release)
    assert outcomes([second]) == [Outcome.NOT_ALLOWED]


def test_a_revoked_session_is_refused_at_the_next_ask(world: World) -> None:
    caller = enrol(world)

    async def use(gate: Gate) -> list[Answer]:
        before = await gate.ask(question(caller, world.covered[0]))
        world.run("update access.session set revoked = now()")
        return [before, await gate.ask(question(caller, world.covered[0]))]

    assert outcomes(served(world, use)) == [Outcome.RELEASED, Outcome.NOT_ALLOWED]


def test_a_revisit_is_journalled_and_counted_and_bound_to_the_establishment(world: World) -> None:
    caller, stranger = enrol(world), enrol(world)

    async def use(gate: Gate) -> list[Answer]:
        first = await gate.ask(question(caller, world.covered[0]))
        return [await gate.ask(again(caller, first.seq)), await gate.ask(again(stranger, first.seq))]

    own, foreign = served(world, use)
    assert isinstance(own.decision, Release)
    assert own.revealed is not None
    assert outcomes([foreign]) == [Outcome.UNKNOWN]
    assert world.scalar("select count(*) from journal.entry where kind = 4") == 1


@pytest.mark.parametrize(
    ("level", "rung", "expected"),
    [
        (Level.DEVICE, Rung.PRESENCE_ONLY, Outcome.HELD),
        (Level.LOGIN, Rung.STEP_UP, Outcome.HELD),
        (Level.LOGIN, Rung.OBSERVED, Outcome.RELEASED),
        (Level.LOGIN, Rung.SUSPENDED, Outcome.HELD),
        (Level.NATION, Rung.PRESENCE_ONLY, Outcome.HELD),
        (Level.PROFESSION, Rung.STEP_UP, Outcome.HELD),
    ],
)
def test_a_rung_takes_effect_at_once(world: World, level: Level, rung: Rung, expected: Outcome) -> None:
    caller = enrol(world)
    subjects = {Level.DEVICE: caller.device, Level.LOGIN: caller.login, Level.PROFESSION: caller.profession.value}
    with world.database.connect("postgres") as admin:
        admin.execute(
            "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
            " values (1, %s, %s, %s, now(), now() + interval '1 hour', 'test', 'test')",
            (level, subjects.get(level, 0), rung),
        )
    assert outcomes(one_by_one(world, caller, world.covered[:1])) == [expected]


def test_one_refused_row_does_not_fail_its_neighbours(world: World) -> None:
    caller, broken = enrol(world), enrol(world)
    # The database's own floor stops one line, whatever the gate decided for it.
    world.run(f"update access.line set floor_day = gate.today(), asked = 100000 where id = {broken.line}")

    async def use(gate: Gate) -> list[object]:
        asks = [question(caller, person) for person in world.covered[:4]]
        return await ask_all(gate, [*asks[:2], question(broken, world.covered[9]), *asks[2:]])

    answers = served(world, use)
    assert isinstance(answers[2], NotAnsweredError)
    assert sum(isinstance(answer, Answer) for answer in answers) == 4


@pytest.mark.parametrize("step", ["open", "decide", "close", "answer"])
def test_a_connection_killed_at_any_step_never_answers_without_a_line(world: World, step: str) -> None:
    caller = enrol(world)

    async def kill(step_name: str) -> None:
        if step_name == step:
            with world.database.connect("postgres") as admin:
                admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")

    async def run() -> object:
        gate = world.gate(kill)
        await gate.start()
        try:
            return (await ask_all(gate, [question(caller, world.covered[0])]))[0]
        finally:
            await gate.stop()

    result = asyncio.run(run())
    lines = world.scalar("select count(*) from journal.entry")
    if isinstance(result, Answer):
        assert lines == 1
    else:
        assert isinstance(result, GateClosedError)
    assert (step == "answer") == isinstance(result, Answer)


def test_a_flood_of_one_refusal_does_not_fill_the_journal(world: World) -> None:
    caller = enrol(world)
    limit = DAY_LIMITS[Profession.GP].attempts
    answers = one_by_one(world, caller, [world.covered[0]] * (limit + 40))
    assert outcomes(answers)[limit:] == [Outcome.OUT_OF_ATTEMPTS] * 40
    assert world.scalar("select count(*) from journal.entry") == limit + 1
