"""Where other operators push their alerts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.peer_alerts.service import Receiver
from tierce.settings import Settings
from tierce.storage.keys import Keyring
from tierce.web.peers import create_peers
from tierce.web.process import App, Process
from tierce.web.wiring.parts import rows_pool


@asynccontextmanager
async def peers(settings: Settings) -> AsyncIterator[App]:
    """What other operators push to: the key that signs its lines, its role, and nothing else."""
    assert settings.peers is not None, "`tierce serve` starts what the settings name"
    keyring, clock = Keyring(settings.key_directory(), ()), SystemClock()
    dsn = partial(settings.connection().dsn, "tierce_peers")
    async with AsyncExitStack() as stack:
        rows = rows_pool(stack, dsn)
        with settings.connection().connect("tierce_peers") as connection:
            appender = Appender.enrol(connection, "peers", keyring.instance("peers"))
        yield create_peers(Receiver(appender, clock, settings.peers.url), rows, clock)


app = Process("peers", peers)
