"""An insurer of the browsers’ country that keeps its people itself: declared for all, answering when a test asks."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.desk import BIRTH
from tests.integration.fresh import leave
from tests.integration.remote_world import COVERED, declare
from tierce.kernel.ids import InsurerId
from tierce.lab.demo.stage import Stage
from tierce.lab.standins.insurer import StandIn
from tierce.storage.keys import EVERY_KEY, Keyring

APART, AMC, MEMBER = InsurerId(900), "99000900", "A-1"
KEY = Ed25519PrivateKey.generate()


def keep_one_apart(stage: Stage) -> None:
    """Declare it, at an address where nobody answers until a test does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stage.ports["apart"] = free.getsockname()[1]
    public = KEY.public_key().public_bytes_raw()
    keyring = Keyring(stage.home / "keys", EVERY_KEY)
    declare(stage, keyring, f"{stage.url('apart')}/rights", public, APART, AMC)
    leave(stage.database)


@contextmanager
def answering(stage: Stage) -> Iterator[StandIn]:
    """Answer in its name until the end of the block: over HTTP, signed, in a thread of its own."""
    operator = Keyring(stage.home / "keys", ()).instance("api").public_key().public_bytes_raw()
    insurer = StandIn(operator, {(MEMBER, BIRTH): COVERED}, key=KEY)
    ready, ends = Event(), list[Callable[[], object]]()

    async def serve() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(over.set))
        async with insurer.serving(stage.ports["apart"]):
            ready.set()
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield insurer
    finally:
        ends[0]()
        thread.join()
