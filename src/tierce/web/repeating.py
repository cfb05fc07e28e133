"""Repeated work of a process that serves requests: its heartbeat, and what it reads again from time to time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tierce.deposits.seen import keep_seen
from tierce.journal.beats import BEAT_SECONDS, beat
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.policy.remote import SWEEP_SECONDS
from tierce.rights.remote.service import Insurers
from tierce.rights.service import Rights
from tierce.web import logs
from tierce.web.api.callers import Callers

Pool = AsyncConnectionPool[AsyncConnection[Any]]
REREAD_SECONDS: Final = 60.0
LEARN_SECONDS: Final = 30.0


@asynccontextmanager
async def repeating(
    work: Callable[[], Awaitable[None]], every: float, failed: str, *, at_once: bool = False
) -> AsyncIterator[None]:
    """Do `work` after each `every` seconds, for as long as the context lasts; what goes wrong is logged."""

    async def again() -> None:
        pause = 0.0 if at_once else every
        while True:
            await asyncio.sleep(pause)
            pause = every
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the next time may succeed; one that ended would be missed late
                logs.say(failed, level="warning", kind=type(error).__name__)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def beating(
    pool: Pool, appender: Appender, clock: Clock, every: float = BEAT_SECONDS
) -> AbstractAsyncContextManager[None]:
    """Write the signs of life of a process that answers (`journal.beats`); a scope lists their silence."""

    async def write() -> None:
        async with pool.connection() as connection:
            await appender.append_async(connection, [beat(appender.instance, micros(clock.now()))])

    return repeating(write, every, "no sign of life could be written")


def rereading(rights: Rights, every: float = REREAD_SECONDS) -> AbstractAsyncContextManager[None]:
    """Read again what answers are worded with: a guarantee told anew is shown within a minute."""
    return repeating(rights.reread, every, "names and guarantees could not be read again")


def sweeping(insurers: Insurers, every: float = SWEEP_SECONDS) -> AbstractAsyncContextManager[None]:
    """Write, of asks of an insurer whose answer was never written, that they were answered."""
    return repeating(insurers.sweep, every, "asks of insurers could not be looked through")


def learning(callers: Callers, folder: Path) -> AbstractAsyncContextManager[None]:
    """Learn the sessions that serve: their asks wait for no reading, and their deposits are no stranger's.

    They are kept in the spool's folder too: a process that starts while the store is away learns nobody.
    """

    async def learn() -> None:
        await callers.learn()
        try:
            await asyncio.to_thread(keep_seen, folder, callers.seen())
        except OSError as error:
            logs.say("the sessions that serve could not be kept", level="warning", kind=type(error).__name__)

    return repeating(learn, LEARN_SECONDS, "the sessions that serve could not be read", at_once=True)
