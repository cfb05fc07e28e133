"""A process's pool gives no connection that the server has ended, and asks nothing of one that it has not."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest

from tests.integration.conftest import Connect
from tests.waiting import eventually
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.web.wiring.parts import async_pool, rows_pool

pytestmark = pytest.mark.integration
ASKED = "select pg_backend_pid()"


def test_a_connection_that_the_server_ended_is_replaced(database: Database, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    dsn = partial(database.dsn, "tierce_office")

    def end(number: int) -> None:
        admin.execute("select pg_terminate_backend(%s)", (number,))
        gone = "select 1 from pg_stat_activity where pid = %s"
        eventually(lambda: admin.execute(gone, (number,)).fetchone() is None, "the connection is gone")

    async def numbers() -> list[tuple[int, int]]:
        """The server's processes behind the two pools, before and after each was ended."""
        async with AsyncExitStack() as stack:
            pool, rows = await async_pool(stack, dsn, 1), rows_pool(stack, dsn)
            rows.wait()
            found = []
            for _ in range(3):
                async with pool.connection() as one:
                    row = await (await one.execute(ASKED)).fetchone()
                with rows.connection() as other:
                    beside = other.execute(ASKED).fetchone()
                assert row is not None
                assert beside is not None
                found.append((row[0], beside[0]))
                if len(found) == 2:
                    end(row[0])
                    end(beside[0])
            return found

    first, second, third = asyncio.run(numbers())
    assert first == second
    assert not {*first} & {*third}


def test_a_connection_that_works_is_given_without_a_question(database: Database, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def last_asked() -> str:
        async with AsyncExitStack() as stack:
            pool = await async_pool(stack, partial(database.dsn, "tierce_office"), 1)
            async with pool.connection() as one:
                number = one.info.backend_pid
                await one.execute("select 7")
            async with pool.connection():
                row = admin.execute("select query from pg_stat_activity where pid = %s", (number,)).fetchone()
            assert row is not None
            return str(row[0])

    assert asyncio.run(last_asked()).lower() == "commit"
