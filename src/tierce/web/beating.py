"""Keeps writing the signs of life of a process that answers (`journal.beats`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tierce.journal.beats import BEAT_SECONDS, beat
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.web import logs

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@asynccontextmanager
async def beating(pool: Pool, appender: Appender, clock: Clock, every: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Write a beat after each `every` seconds, for as long as the context lasts."""
    task = asyncio.create_task(_beat(pool, appender, clock, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _beat(pool: Pool, appender: Appender, clock: Clock, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            async with pool.connection() as connection:
                await appender.append_async(connection, [beat(appender.instance, micros(clock.now()))])
        except psycopg.Error as error:  # the silence is what a scope will list; answering goes on by deposit
            logs.say("no sign of life could be written", level="warning", kind=type(error).__name__)
