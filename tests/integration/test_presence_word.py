"""Her own word: an ask that nothing proves waits for her yes or her no, and her yes opens her answer alone."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256

import psycopg
import pytest

from tests.integration.desk import LATER, PAUL, STRANGER, Counter, counter
from tests.integration.presenting import Presenting, presenting
from tests.integration.world import World, enrol
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import EntrySeq, PersonId, SessionId
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.presence import CONFIRMABLE, CONFIRMATIONS_A_DAY, CONFIRMED
from tierce.policy.seats import SEATS, unpack
from tierce.policy.seats import settle as settle_line
from tierce.presence.answers import Answers, Asked
from tierce.presence.errors import NotAskedError, TooManyAnswersError
from tierce.presence.settling import Settler
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
SAID = {"means": "confirmation"}


class Space:
    """A person's space, as its process reads and writes it."""

    def __init__(self, world: World, keyring: Keyring, cards: Presenting) -> None:
        self.connection = world.database.connect("tierce_persons", autocommit=True)
        appender = Appender.enrol(self.connection, "persons", keyring.instance("persons"))
        self.answers, self.handles = Answers(appender, SystemClock()), cards.handles

    def waiting(self, person: int = 1) -> list[Asked]:
        return self.answers.waiting(self.connection, self._handle(person))

    def say(self, seq: EntrySeq, *, yes: bool, person: int = 1) -> None:
        self.answers.answer(
            self.connection, self._handle(person), seq, PersonId(person), SessionId(person), yes=yes
        )  # fmt: skip

    def _handle(self, person: int) -> bytes:
        return sha256(self.handles[person].encode()).digest()


def play(world: World, keyring: Keyring, scene: Callable[[Counter, Space], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with counter(world, keyring) as desk:
            with presenting(world, keyring) as cards:
                space = Space(world, keyring, cards)
                try:
                    await scene(desk, space)
                finally:
                    space.connection.close()

    asyncio.run(whole())


def fill_line(world: World) -> None:
    """Use up the seats of the day: what is asked for the first time needs a proof."""
    world.run("update access.line set state = set_byte(set_byte(state, 18, 0), 19, 99)")


def test_her_yes_opens_her_answer_at_that_place_and_nobody_elses(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, space: Space) -> None:
        await desk.ask(STRANGER)
        fill_line(world)
        assert (await desk.ask(PAUL)).json()["shown"] is False
        early = (await desk.ask(PAUL, presence=SAID)).json()
        stranger = (await desk.ask(STRANGER, presence=SAID)).json()
        assert early == stranger, "whether somebody exists is not told by whether she has answered"
        (asked,) = space.waiting()
        assert asked.establishment == desk.caller.establishment
        space.say(asked.seq, yes=True)
        assert space.waiting() == []
        assert (await desk.ask(PAUL)).json()["shown"] is False, "nothing without asking for her word"
        assert (await desk.ask(LATER, presence=SAID)).json()["code"] == "not_confirmed"
        assert (await desk.ask(PAUL, presence=SAID)).json()["shown"]

    play(world, keyring, scene)
    told = (
        "select array_agg(array[get_byte(body, 4), get_byte(body, 5)] order by seq) from journal.entry where kind < 4"
    )
    rows = world.scalar(told)
    assert isinstance(rows, list)
    assert rows[-1] == [Outcome.RELEASED, Presence.CONFIRMED]
    assert [Outcome.NOT_CONFIRMED, Presence.NONE] in rows
    mine = "select array_agg(get_byte(body, 2)::integer) from journal.entry where kind = 13 and person = 1"
    assert world.scalar(mine) == [Act.PRESENCE_CONFIRM]


def test_her_yes_gives_that_seat_back_and_never_raises_a_limit(world: World, keyring: Keyring) -> None:
    def line(desk: Counter) -> tuple[int, int]:
        with world.database.connect(SUPERUSER) as admin:
            row = admin.execute("select state, owed from access.line where id = %s", (desk.caller.line,)).fetchone()
        assert row is not None
        found = unpack(bytes(row[0]))
        found = settle_line(found, SEATS[desk.caller.profession], bytes(row[1])) if row[1] else found
        return found.open, found.freed_week

    async def scene(desk: Counter, space: Space) -> None:
        await desk.ask(PAUL)
        await desk.ask(LATER)
        assert line(desk) == (2, 0)
        space.say(space.waiting()[0].seq, yes=True)
        with world.database.connect("tierce_worker") as connection:
            appender = Appender.enrol(connection, "worker", keyring.instance("worker"))
            assert Settler(connection, appender, SystemClock(), bytes(16)).step() == 1
        assert line(desk) == (1, 0)

    play(world, keyring, scene)
    assert world.scalar("select array_agg(state::integer order by state) from access.pair") == [1, 2]


def test_her_no_is_kept_as_evidence_and_opens_nothing(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, space: Space) -> None:
        fill_line(world)
        await desk.ask(PAUL)
        (asked,) = space.waiting()
        space.say(asked.seq, yes=False)
        assert (await desk.ask(PAUL, presence=SAID)).json()["code"] == "not_confirmed"
        with world.database.connect("tierce_worker") as connection:
            read = "select establishment, professional, line, yes from presence.answer"
            told = connection.execute(read).fetchall()
            assert told == [(desk.caller.establishment, desk.caller.professional, desk.caller.line, False)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select person from presence.answer")

    play(world, keyring, scene)
    denied = f"select count(*) from journal.entry where kind = 13 and get_byte(body, 2) = {Act.PRESENCE_DENY.value}"
    assert world.scalar(denied) == 1


def test_confirmation_rate_limit_six_times_a_day(world: World, keyring: Keyring) -> None:
    others = [enrol(world) for _ in range(CONFIRMATIONS_A_DAY)]

    async def scene(desk: Counter, space: Space) -> None:
        await desk.ask(PAUL)
        (asked,) = space.waiting()
        with world.database.connect(SUPERUSER) as admin:
            for number, caller in enumerate(others):
                admin.execute(
                    "insert into presence.answer (seq, person, establishment, professional, yes, at, until)"
                    " values (%s, 1, %s, %s, true, now(), now())",
                    (number, caller.establishment, caller.professional),
                )
        with pytest.raises(TooManyAnswersError):
            space.say(asked.seq, yes=True)
        assert space.waiting() == [asked]
        space.say(asked.seq, yes=False)

    play(world, keyring, scene)


def test_only_her_own_recent_asks_wait_and_each_is_answered_once(world: World, keyring: Keyring) -> None:
    async def scene(desk: Counter, space: Space) -> None:
        await desk.ask(PAUL)
        (asked,) = space.waiting()
        with pytest.raises(NotAskedError):
            space.say(asked.seq, yes=True, person=2)
        space.say(asked.seq, yes=True)
        with pytest.raises(NotAskedError):
            space.say(asked.seq, yes=False)
        world.run("update access.person_session set revoked = now() where person = 2")
        await desk.ask(LATER)
        assert space.waiting(2) == []

    play(world, keyring, scene)


def test_the_database_keeps_the_minutes_of_the_policy(world: World) -> None:
    body = "select string_agg(prosrc, ' ') from pg_proc where proname in ('asked', 'answer_ask')"
    source = str(world.scalar(body))
    assert f"- {int(CONFIRMABLE.total_seconds())}) * 1e6" in source
    assert f"interval '{int(CONFIRMED.total_seconds() // 60)} minutes'" in source
    assert f">= {CONFIRMATIONS_A_DAY} then" in source
