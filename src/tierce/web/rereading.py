"""Reads again, now and then, what answers are worded with: a guarantee told anew is shown within a minute."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg

from tierce.rights.service import Rights
from tierce.web import logs

REREAD_SECONDS: Final = 60.0


@asynccontextmanager
async def rereading(rights: Rights, every: float = REREAD_SECONDS) -> AsyncIterator[None]:
    """Read names and guarantees again after each `every` seconds, for as long as the context lasts."""
    task = asyncio.create_task(_reread(rights, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _reread(rights: Rights, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await rights.reread()
        except psycopg.Error as error:  # what was read before still words answers, as while the database is away
            logs.say("names and guarantees could not be read again", level="warning", kind=type(error).__name__)
