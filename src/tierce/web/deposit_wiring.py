"""How the counter of deposits is put together, and how `api` starts while its database is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection

from tierce.deposits import store
from tierce.deposits.model import State
from tierce.deposits.sealing import read_public
from tierce.deposits.seen import read_seen
from tierce.deposits.service import Counter
from tierce.deposits.spool import SpoolWriter
from tierce.identity.dpop import ProofVerifier
from tierce.identity.rules import PROFESSIONAL_LIFETIME
from tierce.identity.service import Received, Sessions
from tierce.identity.sites.model import Held
from tierce.kernel.clock import SystemClock
from tierce.settings import Settings
from tierce.storage.errors import KeyMissingError, LookupKeyError, SchemaOtherError
from tierce.storage.keys import Keyring, Purpose
from tierce.web import logs
from tierce.web.api.callers import Callers
from tierce.web.api.deposits import FindState, Front
from tierce.web.api.hot import App
from tierce.web.api.openness import Openness

RETRY_SECONDS = 1.0
UNFORESEEN_SECONDS = 30.0
"""Between two attempts once the counter serves and something else than the store went wrong: each is logged."""
_MENDED_BESIDE = (KeyMissingError, LookupKeyError, SchemaOtherError)
"""What is another installation's or another program's: each says how it is mended, and deposits go on."""

Build = Callable[[Front], AbstractAsyncContextManager[App]]


@asynccontextmanager
async def front_of(settings: Settings, keyring: Keyring, build: Build) -> AsyncIterator[App]:
    """The counter at once, and behind it the rest of the API as soon as its database answers.

    Args:
        settings: those of the installation.
        keyring: the API's keys, the receipt key among them.
        build: makes the rest; it connects, and so fails while the store is away.
    """
    clock, folder = SystemClock(), settings.spool_directory()
    database = settings.connection()

    async def connect() -> AsyncConnection[Any]:
        return await AsyncConnection.connect(database.dsn("tierce_api"), autocommit=True)

    async with AsyncExitStack() as stack:
        counter = Counter(
            SpoolWriter(folder),
            read_public(settings.key_directory()),
            keyring.raw(Purpose.RECEIPT.value),
            ProofVerifier(clock),
            clock,
        )
        stack.callback(counter.close)
        counter.knows = read_seen(folder, clock.now() - PROFESSIONAL_LIFETIME.total).__contains__
        openness = Openness(connect, clock, counter, folder)
        openness.remember()
        front = Front(counter, openness, settings.api.url)
        serving = asyncio.Event()
        opening = asyncio.create_task(open_rest(front, build, connect, stack, serving))
        looking = asyncio.create_task(openness.run())
        # A database that answers is waited for; one that is away is not.
        await asyncio.wait({opening}, timeout=RETRY_SECONDS * 5)
        if opening.done():
            opening.result()
        serving.set()
        try:
            yield front
        finally:
            for task in (looking, opening):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def open_rest(
    front: Front,
    build: Build,
    connect: Callable[[], Any],
    stack: AsyncExitStack,
    serving: asyncio.Event,
    unforeseen_seconds: float = UNFORESEEN_SECONDS,
) -> None:
    """Build the rest, again and again until the store answers.

    What is wrong otherwise is raised to whoever starts the process. Once it is `serving` deposits nobody would hear:
    it is logged, and tried again, for the API would stay closed beside a store in good health. A key file that is
    another database's, and a schema that is another program's, never raise: care goes on by deposit, and the log says
    what to do.
    """
    while True:
        try:
            await (await connect()).close()
            front.rest = await stack.enter_async_context(build(front))
        except (psycopg.OperationalError, OSError):
            await asyncio.sleep(RETRY_SECONDS)
        except Exception as error:
            if not serving.is_set() and not isinstance(error, _MENDED_BESIDE):
                raise
            why = {"detail": str(error)} if isinstance(error, _MENDED_BESIDE) else {}
            logs.say("the API behind the counter could not be built", level="error", kind=type(error).__name__, **why)
            await asyncio.sleep(unforeseen_seconds)
        else:
            return


def state_finder(sessions: Sessions, callers: Callers) -> FindState:
    """Find a receipt's state for the establishment of whoever asks."""

    async def find(held: Held, request: Received, number: int, printed: str) -> State | None:
        await sessions.insist_hers(held, request)
        bound = await callers.find(b"DPoP " + held.handle.encode("latin-1"), fresh=True)
        async with sessions.pool.connection() as connection:
            return await store.state(connection, number, bound.caller.establishment, printed)

    return find
