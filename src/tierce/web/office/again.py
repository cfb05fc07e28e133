"""The office's process makes lists again by itself, beside the pages that it serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg import Connection
from psycopg_pool import ConnectionPool

from tierce.incidents.again.service import Again
from tierce.web import logs

EACH_SECONDS = 20.0


@asynccontextmanager
async def lists_again(rows: ConnectionPool[Connection], again: Again) -> AsyncIterator[None]:
    """Look every so often for lists whose window is over by now, while the context lasts."""

    def turn() -> None:
        try:
            with rows.connection() as connection:
                made = again.turn(connection)
        except Exception as error:  # noqa: BLE001 - it failed for one list, or the database is away: the next turn tries
            where = logs.where(error)
            logs.say("a list was not made again", level="error", kind=type(error).__name__, where=where)
        else:
            if made:
                logs.say("lists were made again once their window was over", detail=str(made))

    async def turns() -> None:
        while True:
            await asyncio.sleep(EACH_SECONDS)
            await asyncio.to_thread(turn)

    task = asyncio.create_task(turns())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
