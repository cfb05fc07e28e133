"""The wire of a batch: calls leave together, the first refusal is told, and nothing follows a turn that was cut."""

import asyncio

import psycopg
import pytest
from psycopg import AsyncConnection

from tests.waiting import eventually
from tierce.gate.arrays import byteas, integers
from tierce.gate.wire import Wire
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
STATEMENTS = {
    b"begin": "begin",
    b"commit": "commit",
    b"rollback": "rollback",
    b"sum": "select sum(n), count(*) from unnest($1::integer[]) n",
    b"back": "select b from unnest($1::bytea[]) b",
    b"divide": "select 1 / n from unnest($1::integer[]) n",
    b"sleep": "select pg_sleep(60)",
    b"keep": "create table kept (n integer)",
}


async def wire_to(database: Database) -> Wire:
    """A wire as the superuser, its statements prepared."""
    wire = Wire(await AsyncConnection.connect(database.dsn("postgres"), autocommit=True))
    await wire.prepare(STATEMENTS)
    return wire


def test_calls_of_one_turn_are_answered_in_order(database: Database) -> None:
    async def run() -> None:
        wire = await wire_to(database)
        said = await wire.say(
            (b"begin", ()), (b"sum", [integers([1, 2, 3])]), (b"back", [byteas([])]), (b"commit", ())
        )
        assert said == [[], [(6, 3)], [], []]
        await wire.close()

    asyncio.run(run())


def test_the_first_refusal_is_told_and_nothing_after_it_is_done(database: Database) -> None:
    async def run() -> None:
        wire = await wire_to(database)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await wire.say(
                (b"begin", ()),
                (b"keep", ()),
                (b"divide", [integers([0])]),
                (b"sum", [integers([1])]),
                (b"commit", ()),
            )
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await wire.say((b"sum", [integers([1])]))
        await wire.say((b"rollback", ()))
        assert await wire.say((b"sum", [integers([4])])) == [[(4, 1)]]
        await wire.close()

    asyncio.run(run())
    with database.connect("postgres") as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == (None,)


def test_more_than_the_sockets_hold_goes_out_while_answers_come_in(database: Database) -> None:
    many = [bytes([n]) * 400_000 for n in range(40)]

    async def run() -> None:
        wire = await wire_to(database)
        first, second = await asyncio.wait_for(wire.say((b"back", [byteas(many)]), (b"back", [byteas(many)])), 60)
        assert [row[0] for row in first] == many
        assert first == second
        await wire.close()

    asyncio.run(run())


def test_a_turn_that_is_cut_leaves_a_closed_connection(database: Database) -> None:
    async def run() -> None:
        wire = await wire_to(database)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await wire.say((b"sleep", ()))
        with pytest.raises(psycopg.OperationalError):
            await wire.say((b"sum", [integers([1])]))
        await wire.close()

    asyncio.run(run())


def test_a_server_that_ends_the_connection_is_told_as_lost(database: Database) -> None:
    async def run() -> None:
        wire = await wire_to(database)
        turn = asyncio.create_task(wire.say((b"sleep", ())))
        await asyncio.to_thread(eventually, lambda: _ended(database), "a backend that sleeps")
        with pytest.raises(psycopg.OperationalError):
            await turn
        await wire.close()

    asyncio.run(run())


def _ended(database: Database) -> bool:
    """End whoever sleeps; whether somebody did."""
    with database.connect("postgres", autocommit=True) as connection:
        found = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where state = 'active' and wait_event = 'PgSleep' and datname = current_database()"
        ).fetchall()
    return bool(found)
