"""The signer of dynamic cards."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.presence.minting import Signer
from tierce.settings import Settings
from tierce.storage.keys import SIGNER_KEY, Keyring, Purpose
from tierce.storage.version import insist_on_schema
from tierce.web.names import KEYS
from tierce.web.process import App, Process
from tierce.web.signer import create_signer
from tierce.web.wiring.parts import rows_pool


@asynccontextmanager
async def signer(settings: Settings) -> AsyncIterator[App]:
    """The signer of dynamic cards: its keys, its role, and nothing else; the persons' space alone calls it."""
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["signer"]])
    dsn = partial(settings.connection().dsn, "tierce_signer")
    async with AsyncExitStack() as stack:
        rows = rows_pool(stack, dsn)
        with settings.connection().connect("tierce_signer") as connection:
            insist_on_schema(connection)
            appender = Appender.enrol(connection, "signer", keyring.instance("signer"))
        made = Signer(keyring.raw(SIGNER_KEY), keyring.hash(Purpose.CARD), appender, SystemClock())
        yield create_signer(made, rows)


app = Process("signer", signer)
