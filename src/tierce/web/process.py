"""One process as an ASGI application: built when the server starts it, taken apart when it stops."""

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import psycopg

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import Settings, load
from tierce.storage.said import said
from tierce.web import logs
from tierce.web.names import KEYS, SETTINGS_VARIABLE, tally_folder
from tierce.web.observed import Observed
from tierce.web.readiness import Readiness

App = Callable[..., Awaitable[None]]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Builder = Callable[[Settings], AbstractAsyncContextManager[App]]


class Process:
    """An ASGI application that is built when the server starts it and taken apart when it stops."""

    def __init__(self, name: str, builder: Builder) -> None:
        """Build process `name` with `builder`, from the settings file named in the environment."""
        self._name = name
        self._builder = builder
        self._app: Observed | None = None

    def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> Awaitable[None]:
        """Serve, or follow the server's life; what is served is handed on, without a coroutine of its own."""
        if scope["type"] == "lifespan" or self._app is None:
            return self._live(scope, receive, send)
        return self._app(scope, receive, send)

    async def _live(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return
        await receive()
        logs.set_up(self._name)
        try:
            settings = load(Path(os.environ[SETTINGS_VARIABLE]))
            built = self._builder(settings)
            keys = tuple(str(name) for name in KEYS.get(self._name, ()))
            readiness = Readiness(self._name, settings, keys, SystemClock())
            self._app = Observed(self._name, await built.__aenter__(), readiness, tally_folder())
        except Exception as error:  # noqa: BLE001 - whatever it is, the process does not start, and the line says where
            ours = isinstance(error, TierceError | OSError | psycopg.Error)
            detail = {"detail": said(error)} if ours else {}
            logs.say("not started", level="error", kind=type(error).__name__, where=logs.where(error), **detail)
            # The server stops by this message; raised, the error would be printed with texts that are not ours.
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            return
        logs.say("started")
        _settle_memory()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._app = None
        await built.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})


def _settle_memory() -> None:
    """Leave what was built out of garbage collection, and collect rarely: a full pass held answers for 80 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
