"""The gate under pressure: bounds of the queue, asks gone or too old, errors that pass, and two lanes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from threading import Thread

import pytest

from tests.integration.desk import HANDLE, PAUL, counter, fill
from tests.integration.world import POLICY, World, ask_all, enrol, make_world, question
from tests.waiting import eventually
from tierce.gate.errors import GateBusyError, GateClosedError, NotAnsweredError
from tierce.gate.lane import Step
from tierce.gate.model import Answer, Ask, Release
from tierce.gate.service import BULK_BATCH_MAX, Bounds, Gate
from tierce.gate.store import GateStore
from tierce.identity.errors import ProofRefusedError
from tierce.identity.model import Caller
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Lane
from tierce.policy.seats import SEATS, cap_of
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
WAITING_FOR_A_LOCK = """
    select count(*) from pg_stat_activity
    where usename = 'tierce_api' and wait_event_type = 'Lock' and datname = current_database()"""
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database)


class Held:
    """Holds the first batch at one step until it is let go."""

    def __init__(self, step_name: str) -> None:
        """Hold at `step_name`."""
        self._step_name = step_name
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, step_name: str) -> None:
        """Wait there."""
        if step_name == self._step_name:
            self.reached.set()
            await self.go.wait()


async def until_waiting(gate: Gate, count: int, task: asyncio.Task[Answer]) -> None:
    """Let tasks that were made take their turn, until so many asks wait; `task` is one that is not answered yet."""
    while gate.waiting < count:
        await asyncio.wait([task], timeout=0.01)


async def until_open(gate: Gate) -> None:
    """Let the gate's tasks take their turn until it is open."""
    never = asyncio.get_running_loop().create_future()
    while not gate.open:
        await asyncio.wait([never], timeout=0.01)


def run(gate_of: Callable[[], Gate], use: Callable[[Gate], Awaitable[object]]) -> object:
    """Run `use` with a started gate, and stop it."""

    async def whole() -> object:
        gate = gate_of()
        await gate.start()
        try:
            return await use(gate)
        finally:
            await gate.stop()

    return asyncio.run(whole())


def shown(answer: object) -> bool:
    return isinstance(answer, Answer) and isinstance(answer.decision, Release)


def test_a_full_queue_refuses_before_any_signature_is_looked_at(world: World, keyring: Keyring) -> None:
    fill(world, keyring)

    async def whole() -> None:
        held = Held("open")
        gate = world.gate(held, bounds=Bounds(queue=2))
        async with counter(world, keyring, gate) as desk:
            forged = {"Authorization": f"DPoP {HANDLE}", "DPoP": "not.a.proof"}
            refused = await desk.http.post("/v1/rights", content=b"{}", headers=forged)
            assert refused.status_code == 401, "with room, the proof is what is wrong"
            first = asyncio.create_task(gate.ask(question(enrol(world), world.covered[1])))
            await held.reached.wait()
            waiting = [asyncio.create_task(gate.ask(question(enrol(world), world.covered[1]))) for _ in range(2)]
            await until_waiting(gate, 2, first)
            busy = await desk.http.post("/v1/rights", content=b"{}", headers=forged)
            assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "busy", "1")
            held.go.set()
            assert all(shown(answer) for answer in await asyncio.gather(first, *waiting))
            assert (await desk.ask(PAUL)).json()["shown"] is True

    asyncio.run(whole())


def test_an_ask_that_waited_too_long_is_refused_unopened(world: World) -> None:
    async def use() -> None:
        held = Held("open")
        gate = world.gate(held, bounds=Bounds(wait_seconds=0.2))
        await gate.start()
        first = asyncio.create_task(gate.ask(question(enrol(world), world.covered[0])))
        await held.reached.wait()
        late = asyncio.create_task(gate.ask(question(enrol(world), world.covered[0])))
        await until_waiting(gate, 1, first)
        await asyncio.wait([late], timeout=0.3)
        held.go.set()
        assert shown(await first)
        with pytest.raises(GateBusyError):
            await late
        await gate.stop()

    asyncio.run(use())
    assert world.scalar("select count(*) from journal.entry") == 1


@pytest.mark.parametrize("step", ["open", "close"])
def test_who_is_gone_is_dropped_before_the_batch_opens_and_journalled_after(world: World, step: str) -> None:
    async def use() -> None:
        held = Held(step)
        gate = world.gate(held)
        await gate.start()
        both = [asyncio.create_task(gate.ask(question(enrol(world), world.covered[n]))) for n in range(2)]
        await held.reached.wait()
        if step == "open":  # the two are being opened: a third waits, and is the one that goes
            third = asyncio.create_task(gate.ask(question(enrol(world), world.covered[2])))
            await until_waiting(gate, 1, third)
            third.cancel()
            both.pop().cancel()
        else:
            both.pop().cancel()
        held.go.set()
        assert shown(await both[0])
        await gate.stop()

    asyncio.run(use())
    assert world.scalar("select count(*) from journal.entry") == 2


def test_a_proof_older_than_its_connection_is_refused(world: World) -> None:
    async def use(gate: Gate) -> object:
        return (await ask_all(gate, [replace(question(enrol(world), world.covered[0]), issued=1)]))[0]

    assert isinstance(run(world.gate, use), ProofRefusedError)
    assert world.scalar("select count(*) from journal.entry") == 0


def settings(world: World, **values: str) -> None:
    """Change settings of the gate's role in this database alone, for connections to come."""
    name = world.database.name
    for setting, value in values.items():
        world.run(f"alter role tierce_api in database \"{name}\" set {setting} = '{value}'")


def in_the_way(world: World, gate: Gate, asks: list[Ask], first: str, then: str) -> list[object]:
    """Hold what `first` locks; once the gate waits for it, do `then` and commit; gives the answers."""
    with world.database.connect(SUPERUSER) as admin:
        admin.execute("set deadlock_timeout = '30s'")
        admin.execute(first.encode())

        def interfere() -> None:
            eventually(lambda: world.scalar(WAITING_FOR_A_LOCK), "the gate waiting")
            if then:
                admin.execute(then.encode())
            eventually(lambda: gate.tally.total().retries or not then, "the gate's batch undone")
            admin.commit()

        other = Thread(target=interfere)

        async def whole() -> list[object]:
            await gate.start()
            other.start()
            try:
                return await ask_all(gate, asks)
            finally:
                await gate.stop()

        answers = asyncio.run(whole())
        other.join()
    return answers


def test_a_lock_that_is_not_had_in_time_is_tried_for_again(world: World) -> None:
    """55P03, provoked: somebody holds the line for longer than the gate waits."""
    settings(world, lock_timeout="100ms")
    caller, gate = enrol(world), world.gate()
    touch = f"update access.line set asked = asked where id = {caller.line}"
    answers = in_the_way(world, gate, [question(caller, world.covered[0])], touch, "select 1")
    assert [shown(answer) for answer in answers] == [True]
    assert gate.tally.total().retries >= 1
    assert world.scalar("select count(*) from journal.entry") == 1


def test_a_deadlock_is_tried_again(world: World) -> None:
    """40P01, provoked: somebody locks two lines in the other order, and the gate is the one that gives way.

    It may give way more than once: back at once, it can take the freed line again before the other one wakes. The
    server's own count says that there was a deadlock, and none was left without another try.
    """
    settings(world, deadlock_timeout="1500ms", lock_timeout="10s", statement_timeout="20s")
    low, high = sorted((enrol(world), enrol(world)), key=lambda one: one.line)
    gate = world.gate()
    asks = [question(low, world.covered[0]), question(high, world.covered[1])]
    touch = "update access.line set asked = asked where id = {}"
    answers = in_the_way(world, gate, asks, touch.format(high.line), touch.format(low.line))
    assert [shown(answer) for answer in answers] == [True, True]
    deadlocks = eventually(lambda: int(str(world.scalar(DEADLOCKS))), "the deadlock counted")
    assert deadlocks <= gate.tally.total().retries
    assert world.scalar("select count(*) from journal.entry") == 2


def test_a_failure_to_serialise_is_tried_again(world: World) -> None:
    """40001, provoked: at a stricter isolation, the line changed while the gate waited for it."""
    settings(world, default_transaction_isolation="repeatable read")
    caller, gate = enrol(world), world.gate()
    touch = f"update access.line set asked = asked where id = {caller.line}"
    answers = in_the_way(world, gate, [question(caller, world.covered[0])], touch, "")
    assert [shown(answer) for answer in answers] == [True]
    assert gate.tally.total().retries == 1


def test_errors_that_do_not_pass_end_in_a_refusal_and_no_line(world: World) -> None:
    settings(world, lock_timeout="50ms")
    caller = enrol(world)
    with world.database.connect(SUPERUSER) as admin:
        admin.execute("update access.line set asked = asked where id = %s", (caller.line,))
        answers = run(world.gate, lambda gate: ask_all(gate, [question(caller, world.covered[0])]))
    assert isinstance(answers, list)
    assert isinstance(answers[0], NotAnsweredError)
    assert world.scalar("select count(*) from journal.entry") == 0


def test_who_waits_behind_a_batch_that_was_given_up_is_told_that_it_is_closed(world: World) -> None:
    """A table that somebody locked for long: nobody could do anything but try again for as long."""
    settings(world, lock_timeout="50ms")
    held = Held("open")

    async def use() -> None:
        gate = world.gate(held, bounds=Bounds(wait_seconds=0.05))
        await gate.start()
        with world.database.connect(SUPERUSER) as admin:
            admin.execute("lock table access.line in access exclusive mode")
            first = asyncio.create_task(gate.ask(question(caller, world.covered[0])))
            await held.reached.wait()
            behind = asyncio.create_task(gate.ask(question(caller, world.covered[1])))
            await until_waiting(gate, 1, first)
            stood.append(gate.open)
            held.go.set()
            with pytest.raises(NotAnsweredError):
                await first
            stood.append(gate.open)
            with pytest.raises(GateClosedError):
                await behind
        assert shown(await gate.ask(question(caller, world.covered[0])))
        stood.append(gate.open)
        await gate.stop()

    caller, stood = enrol(world), list[bool]()
    asyncio.run(use())
    assert stood == [True, False, True], "in between its connection stands, and nobody is answered"
    assert world.scalar("select count(*) from journal.entry") == 1


@pytest.mark.parametrize("slots", [1, 2])
def test_connections_said_to_be_dead_are_replaced_and_whoever_asks_meanwhile_waits(world: World, slots: int) -> None:
    """The database was away for a moment: who hears that it is back must not close the gate a second time."""
    caller = enrol(world)

    async def use(gate: Gate) -> list[bool]:
        assert shown(await gate.ask(question(caller, world.covered[0])))
        world.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'tierce_api' and datname = current_database()"
        )
        gate.renew()
        stood = [gate.open]
        asked = asyncio.gather(*[gate.ask(question(caller, one)) for one in world.covered[1:6]])
        while not asked.done():
            await asyncio.wait([asked], timeout=0.001)
            stood.append(gate.open)
        assert all(shown(answer) for answer in await asked)
        return stood

    stood = run(lambda: world.gate(slots=slots), use)
    assert isinstance(stood, list)
    assert all(stood)


def test_a_connection_that_is_never_opened_closes_the_gate_as_soon_as_an_ask_has_waited(world: World) -> None:
    """A database that takes connections and answers nothing: nobody would be told to deposit."""
    mute = asyncio.Event()
    opened: list[GateStore] = []

    async def connect() -> GateStore:
        if len(opened) == 2:
            await mute.wait()
        opened.append(await GateStore.connect(world.database.dsn("tierce_api")))
        return opened[-1]

    async def use() -> None:
        bounds = Bounds(wait_seconds=0.2)
        gate = Gate(connect, world.instance, world.key, SystemClock(), POLICY, bounds=bounds)
        await gate.start()
        gate.renew()
        caller = enrol(world)
        with pytest.raises(GateClosedError):
            await asyncio.wait_for(gate.ask(question(caller, world.covered[0])), 5)
        assert not gate.open
        with pytest.raises(GateClosedError):
            gate.shed()
        mute.set()
        await until_open(gate)
        assert shown(await gate.ask(question(caller, world.covered[0])))
        await gate.stop()

    asyncio.run(use())


@pytest.mark.parametrize("slots", [1, 2])
def test_poisoned_asks_among_many_fail_alone(world: World, slots: int) -> None:
    """The database refuses three of a hundred and three, whatever batch and slot they are in."""
    honest = [enrol(world) for _ in range(10)]
    poisoned = [enrol(world) for _ in range(3)]
    for one in poisoned:
        world.run(f"update access.line set floor_day = gate.today(), asked = 100000 where id = {one.line}")
    asks = [question(honest[n % 10], world.covered[n % 3]) for n in range(100)]
    for place, one in zip((7, 50, 90), poisoned, strict=True):
        asks.insert(place, question(one, world.covered[9]))
    answers = run(lambda: world.gate(slots=slots), lambda gate: ask_all(gate, asks))
    assert isinstance(answers, list)
    assert [place for place, answer in enumerate(answers) if not shown(answer)] == [7, 50, 90]
    assert all(isinstance(answers[place], NotAnsweredError) for place in (7, 50, 90))
    assert world.scalar("select count(*) from journal.entry") == 100


def robot(world: World) -> Caller:
    return replace(enrol(world), lane=Lane.BULK)


def test_a_robots_ask_that_waits_is_no_longer_on_its_way(world: World) -> None:
    """Else each batch of the counters would wait for it, as long as the robot has no answer."""

    async def use() -> None:
        held = Held("open")
        gate = world.gate(held)
        await gate.start()
        gate.coming.enter()
        asked = asyncio.create_task(gate.ask(question(robot(world), world.covered[0])))
        await held.reached.wait()
        assert gate.coming.count == 0
        held.go.set()
        assert shown(await asked)
        assert gate.coming.count == 1
        await gate.stop()

    asyncio.run(use())


def test_a_batch_waits_on_while_each_wait_brings_enough(world: World) -> None:
    callers = [enrol(world) for _ in range(5)]

    async def use() -> None:
        gate = world.gate(bounds=Bounds(wait_seconds=30.0, gather_seconds=1.5))
        await gate.start()
        for _ in range(6):
            gate.coming.enter()  # five asks, and one that stays on its way
        asks = [asyncio.create_task(gate.ask(question(callers[0], world.covered[0])))]
        await until_waiting(gate, 1, asks[0])
        asks += [asyncio.create_task(gate.ask(question(caller, world.covered[0]))) for caller in callers[1:]]
        await asyncio.wait(asks, timeout=2.0)
        assert gate.waiting == 5
        gate.coming.leave()
        assert all(shown(answer) for answer in await asyncio.gather(*asks))
        await gate.stop()

    asyncio.run(use())
    assert world.scalar("select count(*) from journal.batch") == 1


def test_bulk_work_delays_an_interactive_ask_by_a_few_batches_at_most(world: World) -> None:
    """Two hundred and fifty-six bulk asks wait; a counter's ask that comes last is answered among the first.

    However long that takes on a busy machine: no bulk batch begins meanwhile, save by the patience that the next test
    plays and that is out of reach here.
    """
    robots = [robot(world) for _ in range(16)]
    counters = [enrol(world) for _ in range(6)]

    async def use(gate: Gate) -> list[int]:
        bulk = [asyncio.create_task(gate.ask(question(robots[n % 16], world.covered[n % 4]))) for n in range(256)]
        before = []
        for one in counters:
            done = sum(task.done() for task in bulk)
            assert shown(await gate.ask(question(one, world.covered[0])))
            before.append(sum(task.done() for task in bulk) - done)
        assert not all(task.done() for task in bulk), "the counter was answered while bulk work waited"
        every = await asyncio.gather(*bulk)
        assert all(shown(answer) for answer in every), {str(a.decision) for a in every}
        return before

    before = run(lambda: world.gate(bounds=Bounds(wait_seconds=60.0, bulk_patience_seconds=60.0)), use)
    assert isinstance(before, list)
    assert max(before) <= 4 * BULK_BATCH_MAX, before
    lanes = "select array_agg(distinct get_byte(body, 3)::integer) from journal.entry"
    assert world.scalar(lanes) == [Lane.INTERACTIVE, Lane.BULK]


def test_bulk_gives_way_while_a_counter_waits_and_is_never_starved(world: World) -> None:
    """The interactive slot is held with an ask behind it: bulk waits for its patience, then is served."""

    async def use() -> None:
        held = Held("open")
        interactive_only = _Only(held)
        gate = world.gate(interactive_only, bounds=Bounds(wait_seconds=20.0, bulk_patience_seconds=0.05))
        await gate.start()
        first = asyncio.create_task(gate.ask(question(enrol(world), world.covered[0])))
        await held.reached.wait()
        second = asyncio.create_task(gate.ask(question(enrol(world), world.covered[0])))
        await until_waiting(gate, 1, first)
        assert shown(await gate.ask(question(robot(world), world.covered[1])))
        assert not second.done()
        held.go.set()
        assert shown(await first)
        assert shown(await second)
        await gate.stop()

    asyncio.run(use())


class _Only:
    """Applies a step to the first batch alone."""

    def __init__(self, step: Step) -> None:
        self._step: Step | None = step

    async def __call__(self, step_name: str) -> None:
        step, self._step = self._step, None
        if step is not None:
            await step(step_name)


def test_both_lanes_draw_on_the_same_seats(world: World) -> None:
    caller = enrol(world)
    as_robot = replace(caller, lane=Lane.BULK)
    asks = [question(one, person) for person in world.covered[:8] for one in (caller, as_robot)]
    answers = run(world.gate, lambda gate: ask_all(gate, asks))
    assert isinstance(answers, list)
    drawn = world.scalar("select drawn from access.line")
    assert drawn == cap_of(SEATS[caller.profession].a), "the cap of a day, once for both"


def test_a_session_asks_in_the_lane_of_its_software(world: World, keyring: Keyring) -> None:
    fill(world, keyring)
    world.run("update directory.software set bulk = true")

    async def whole() -> None:
        async with counter(world, keyring) as desk:
            assert (await desk.ask(PAUL)).json()["shown"] is True

    asyncio.run(whole())
    assert world.scalar("select get_byte(body, 3) from journal.entry") == Lane.BULK
