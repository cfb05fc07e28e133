"""What a process remembers of sessions: learned before their asks come, whoever signed in elsewhere."""

import asyncio
from hashlib import sha256

import pytest
from psycopg_pool import AsyncConnectionPool

from tests.integration.fresh import as_superuser
from tests.integration.world import World, enrol, make_world
from tierce.identity.dpop import digest_of
from tierce.identity.reading.service import LOOK, PAGE, SessionReader
from tierce.identity.service import Pool, Sessions
from tierce.identity.sites.errors import TicketRefusedError
from tierce.identity.sites.model import Held
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SessionId
from tierce.storage.database import Database
from tierce.web.api.callers import REMEMBERED_MAX, Callers

TERMINATED = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'tierce_api'"


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def handle_of(number: int) -> bytes:
    """The handle of a made session: 43 characters, as every handle has."""
    return f"{number:043d}".encode()


def signed_in(world: World, first: int, count: int) -> list[SessionId]:
    """Open that many sessions of one professional, all but the first one copies of it."""
    caller = enrol(world)
    with as_superuser(world.database) as admin:
        admin.execute(
            "insert into access.session (id, handle, site, login, professional, acr, activity, device, line,"
            " software, network, created, expires)"
            " select s.id + n, decode(lpad(to_hex(n), 64, '0'), 'hex'), s.site, s.login, s.professional, s.acr,"
            " s.activity, s.device, s.line, s.software, s.network, s.created, s.expires"
            " from access.session s, generate_series(1, %s) n where s.id = %s",
            (count - 1, caller.session),
        )
        rows = admin.execute("select id from access.session where login = %s order by id", (caller.login,)).fetchall()
        numbers = [SessionId(row[0]) for row in rows]
        for number, session in enumerate(numbers, start=first):
            admin.execute(
                "update access.session set handle = %s where id = %s", (sha256(handle_of(number)).digest(), session)
            )
    return numbers


def remembered(callers: Callers, numbers: range) -> list[int]:
    """Which of these sessions the process answers without reading them."""
    return [number for number in numbers if callers.remembered(b"DPoP " + handle_of(number)) is not None]


async def with_callers(world: World, *turns: object, most: int = REMEMBERED_MAX) -> None:
    """Run turns with one process's memory of sessions, one after the other."""
    pool: Pool = AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=2, open=False)
    clock = SystemClock()
    async with pool:
        callers = Callers(
            Sessions(pool, Appender(world.instance, world.key), clock, lambda _: bytes(16), bytes(16)), clock, most
        )
        for turn in turns:
            assert callable(turn)
            await turn(callers)


def test_every_session_that_serves_is_learned_and_no_other(world: World) -> None:
    count = LOOK + PAGE
    sessions = signed_in(world, 0, count)
    world.run(f"update access.session set revoked = now() where id = {sessions[0]}")
    world.run(f"update access.session set expires = now() where id = {sessions[1]}")
    world.run(f"update access.session set activity = null, device = null, line = null where id = {sessions[2]}")
    world.run(f"update access.session set created = created - interval '1 hour' where id = {sessions[-1]}")

    async def run(callers: Callers) -> None:
        assert remembered(callers, range(count)) == []
        await callers.learn()
        assert remembered(callers, range(count)) == list(range(3, count)), "all pages, and nobody who is gone"
        learned = callers.remembered(b"DPoP " + handle_of(3))
        assert learned == await callers.find(b"DPoP " + handle_of(3), fresh=True), "what a reading would have found"
        assert learned.ath == digest_of(handle_of(3))
        assert callers.remembered(b"dpop " + handle_of(3)) == learned, "the case of the scheme is free"
        assert await callers.find(b"DPOP " + handle_of(3), fresh=True) == learned
        assert callers.knows(sha256(handle_of(3)).digest())
        assert not callers.knows(sha256(handle_of(0)).digest())

    asyncio.run(with_callers(world, run))


def test_who_signed_in_since_is_learned_the_next_time(world: World) -> None:
    signed_in(world, 0, 2)

    async def first(callers: Callers) -> None:
        await callers.learn()
        assert remembered(callers, range(4)) == [0, 1]
        signed_in(world, 2, 2)

    async def second(callers: Callers) -> None:
        assert remembered(callers, range(4)) == [0, 1]
        await callers.learn()
        assert remembered(callers, range(4)) == [0, 1, 2, 3]

    asyncio.run(with_callers(world, first, second))


def test_no_more_is_remembered_than_the_memory_holds(world: World) -> None:
    signed_in(world, 0, 9)

    async def run(callers: Callers) -> None:
        await callers.learn()
        assert len(remembered(callers, range(9))) == 5

    asyncio.run(with_callers(world, run, most=5))


def test_whoever_reads_over_a_connection_that_died_while_it_was_idle_reads_once_more(world: World) -> None:
    (session,) = signed_in(world, 1, 1)
    held = Held(handle_of(1).decode(), "no ticket")

    async def scene() -> None:
        pool: Pool = AsyncConnectionPool(
            world.database.dsn("tierce_api"), min_size=1, max_size=1, open=False, kwargs={"autocommit": True}
        )
        async with pool:
            reader = SessionReader(pool, SystemClock())
            for _ in range(2):
                assert not await reader.suspended(session)
                world.run(TERMINATED)
                found = await reader.read([held.handle])
                assert getattr(found[held.handle], "id", None) == session
                world.run(TERMINATED)
                with pytest.raises(TicketRefusedError):
                    await reader.insist_ticket(held)
                world.run(TERMINATED)

    asyncio.run(scene())
