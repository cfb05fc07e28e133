"""Where other operators push their alerts, and what carries ours to them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.peer_alerts.service import Receiver
from tierce.peer_alerts.telling.carrying import Carrier
from tierce.settings import Settings
from tierce.storage.keys import Keyring
from tierce.storage.version import insist_on_schema
from tierce.web.peers import create_peers
from tierce.web.process import App, Process
from tierce.web.repeating import repeating
from tierce.web.upstream import Upstream
from tierce.web.wiring.parts import rows_pool

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 5.0
"""What one operator that is slow may hold the others up."""


@asynccontextmanager
async def peers(settings: Settings) -> AsyncIterator[App]:
    """What other operators push to: the key that signs its lines, its role, and nothing else."""
    assert settings.peers is not None, "`tierce serve` starts what the settings name"
    keyring, clock, address = Keyring(settings.key_directory(), ()), SystemClock(), settings.peers.url
    dsn = partial(settings.connection().dsn, "tierce_peers")
    async with AsyncExitStack() as stack:
        rows = rows_pool(stack, dsn)
        with settings.connection().connect("tierce_peers") as connection:
            insist_on_schema(connection)
            appender = Appender.enrol(connection, "peers", keyring.instance("peers"))
        http = await stack.enter_async_context(Upstream(whole_seconds=ANSWER_SECONDS, follow_redirects=False))

        failed = "alerts to other operators could not be carried"
        await stack.enter_async_context(repeating(Carrier(http, rows).turn, LOOK_SECONDS, failed))
        yield create_peers(Receiver(appender, clock, address), rows, clock, address)


app = Process("peers", peers)
