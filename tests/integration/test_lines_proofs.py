"""Proofs give a seat back on every line it was drawn on, once; withdrawn, they take it again."""

import asyncio
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.world import World, ask_all, certify, enrol, make_world, question
from tierce.gate.model import Answer, Release
from tierce.gate.service import Gate
from tierce.gate.store import read_line
from tierce.identity.model import Caller
from tierce.policy.acts import Outcome, Presence
from tierce.policy.lines import place_of
from tierce.policy.seats import SEATS, Line, cap_of, unpack, unpack_declared
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
USED, FREED, LATE, NOTED, KNOWN = range(5)


@pytest.fixture
def world(database: Database) -> World:
    """A small register."""
    return make_world(database)


@pytest.fixture
def feed(connect: Connect) -> psycopg.Connection:
    """Who settles proofs, as `presence.settle` does: no process calls these by itself."""
    return connect(SUPERUSER, autocommit=True)


def prove(feed: psycopg.Connection, pair: int, evidence: UUID, grade: Presence = Presence.REPORTED) -> int:
    """Report a proof; gives what came of it."""
    row = feed.execute("select access.prove(%s, %s, %s::smallint)", (pair, evidence, grade.value)).fetchone()
    assert row is not None
    return int(row[0])


def withdraw(feed: psycopg.Connection, evidence: UUID) -> int:
    """Withdraw a proof; gives what came of it."""
    row = feed.execute("select access.withdraw(%s)", (evidence,)).fetchone()
    assert row is not None
    return int(row[0])


def shown(world: World, caller: Caller, *people: UUID, presence: Presence = Presence.NONE) -> list[Outcome]:
    """Ask about people one after the other; gives what came of each."""

    async def run() -> list[object]:
        gate: Gate = world.gate()
        await gate.start()
        try:
            return [(await ask_all(gate, [question(caller, person, presence)]))[0] for person in people]
        finally:
            await gate.stop()

    answers = asyncio.run(run())
    assert all(isinstance(answer, Answer) for answer in answers), answers
    return [
        Outcome.RELEASED if isinstance(one.decision, Release) else one.decision.outcome
        for one in answers
        if isinstance(one, Answer)
    ]


def line_now(world: World, caller: Caller) -> Line:
    """The caller's own line, proofs counted."""

    async def run() -> Line:
        async with await psycopg.AsyncConnection.connect(world.database.dsn("tierce_api")) as connection:
            return await read_line(connection, caller.line)

    return asyncio.run(run())


def open_seats(world: World, caller: Caller) -> tuple[int, int, int, int]:
    """Seats open on the four kinds of line, once each has been drawn from again."""
    place = world.scalar(
        f"select state from access.line where id = {place_of(caller.establishment, caller.profession)}"
    )
    assert isinstance(place, bytes)
    common = [
        int(str(world.scalar(f"select (select sum(s) from unnest(seats) s) from gate.common where kind = {kind}")))
        for kind in (5, 6)
    ]
    return line_now(world, caller).open, unpack(place).open, common[0], common[1]


def pair(caller: Caller, person: UUID) -> int:
    """The pair's number, as the gate asks with it."""
    number = question(caller, person).pair
    assert number is not None
    return number


def test_a_proof_frees_the_seat_on_every_line_once(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)
    first, second, third = world.covered[:3]
    assert shown(world, caller, first, second) == [Outcome.RELEASED] * 2
    assert open_seats(world, caller) == (2, 2, 2, 2)
    invoice = uuid4()
    assert prove(feed, pair(caller, first), invoice) == FREED
    assert prove(feed, pair(caller, first), invoice) == USED
    assert prove(feed, pair(caller, first), uuid4()) == NOTED
    assert shown(world, caller, first, third) == [Outcome.RELEASED] * 2
    assert open_seats(world, caller) == (2, 2, 2, 2)
    mine = line_now(world, caller)
    assert (mine.freed_week, mine.today, mine.known) == (1, 3, 0)
    assert world.scalar("select sum(freed_week) from gate.common where kind in (5, 6)") == 2


def test_a_withdrawn_proof_takes_the_seat_again_on_every_line(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)
    invoice = uuid4()
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    assert prove(feed, pair(caller, world.covered[0]), invoice) == FREED
    assert withdraw(feed, invoice) == 1
    assert withdraw(feed, invoice) == 0
    assert withdraw(feed, uuid4()) == 0
    assert prove(feed, pair(caller, world.covered[0]), invoice) == USED
    assert shown(world, caller, world.covered[0], world.covered[1]) == [Outcome.RELEASED] * 2
    assert open_seats(world, caller) == (2, 2, 2, 2)
    assert line_now(world, caller).freed_week == 0
    assert world.scalar("select sum(freed_week) from gate.common") == 0
    # Another proof of the same visit frees it after all.
    assert prove(feed, pair(caller, world.covered[0]), uuid4()) == FREED
    assert line_now(world, caller).open == 1


def test_a_person_s_own_word_frees_a_seat_and_raises_nothing(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    assert prove(feed, pair(caller, world.covered[0]), uuid4(), Presence.CONFIRMED) == FREED
    mine = line_now(world, caller)
    assert (mine.open, mine.freed_week) == (0, 0)
    with pytest.raises(psycopg.errors.CheckViolation):
        prove(feed, pair(caller, world.covered[0]), uuid4(), Presence.DECLARED)


def test_a_proof_before_the_ask_makes_the_pair_known(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)
    card = uuid4()
    assert prove(feed, pair(caller, world.covered[0]), card, Presence.VERIFIED) == KNOWN
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    mine = line_now(world, caller)
    assert (mine.open, mine.known, mine.freed_week) == (0, 1, 0)
    assert withdraw(feed, card) == 3
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    assert line_now(world, caller).open == 1


def test_a_late_proof_counts_and_gives_no_seat_back(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    world.run("update access.pair set day = day - 30")
    assert prove(feed, pair(caller, world.covered[0]), uuid4()) == LATE
    mine = line_now(world, caller)
    assert (mine.open, mine.freed_week) == (
        1,
        1,
    )  # the line's own ring still holds today's seat: only the pair is old


def test_colleagues_share_the_establishment_s_seats(world: World) -> None:
    caller = enrol(world)
    limit = cap_of(SEATS[caller.profession].a)
    people = world.covered[: limit + 2]
    told = shown(world, caller, *people[:limit])
    assert told == [Outcome.RELEASED] * limit
    # The colleague's own line is empty; what she asks is drawn on the establishment's line as well.
    colleague = enrol(world, at=caller)
    assert shown(world, colleague, people[limit]) == [Outcome.PLACE_FULL]
    assert line_now(world, colleague).refused == 0, "a full establishment accuses nobody"
    assert shown(world, colleague, people[0]) == [Outcome.RELEASED], "known to one is known to all"


def test_a_declared_reading_takes_its_seat_on_a_line_of_its_own(world: World, feed: psycopg.Connection) -> None:
    caller = enrol(world)

    def seats(line: int = caller.line) -> tuple[int, int]:
        state = world.scalar(f"select state from access.line where id = {line}")
        assert isinstance(state, bytes)
        second = unpack_declared(state)
        return unpack(state).open, -1 if second is None else second.open

    there = place_of(caller.establishment, caller.profession)

    by_card = Presence.DECLARED
    certify(world)
    assert shown(world, caller, world.covered[0]) == [Outcome.RELEASED]
    assert seats() == (1, -1)
    assert shown(world, caller, world.covered[1], world.not_covered[0], presence=by_card) == [
        Outcome.RELEASED, Outcome.NOT_ELIGIBLE,
    ]  # fmt: skip
    assert seats() == (1, 1), "a declared miss takes none"
    assert seats(there) == (1, 1), "and the establishment has the same two lines"
    assert world.scalar("select sum(today) from gate.common where kind = 6") == 1, "nor does it touch common lines"
    assert prove(feed, pair(caller, world.covered[1]), uuid4()) == FREED
    assert prove(feed, pair(caller, world.covered[0]), uuid4()) == FREED
    assert shown(world, caller, world.covered[2]) == [Outcome.RELEASED]
    assert seats() == (1, 0)
    # Three a day there (the cap of six), and then the seats of the line.
    assert shown(world, caller, *world.covered[3:7], presence=by_card) == [Outcome.RELEASED] * 4
    assert seats() == seats(there) == (3, 2)
    # A colleague's own declared line is empty. The place has two desks from now on, and its line grows with the week.
    colleague = enrol(world, at=caller)
    assert shown(world, colleague, world.covered[7], presence=by_card) == [Outcome.RELEASED]
    assert (seats(colleague.line), seats(there)) == ((1, -1), (4, 2)), "the place's are taken for today"
