"""The processes as ASGI applications and a loop, and how one command runs them all."""

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import Settings, load
from tierce.web import logs, wiring
from tierce.web.observed import Observed
from tierce.web.readiness import Readiness

SETTINGS_VARIABLE = "TIERCE_SETTINGS"
SITES = ("api", "portal", "office", "persons", "insurers")
INNER = ("signer",)
"""Processes that other processes of ours call on the loopback; no browser reaches them."""
EVERY = (*SITES, *INNER, "worker")


def named_in(settings: Settings) -> tuple[str, ...]:
    """The processes that these settings name: an installation without a signer runs none."""
    return tuple(name for name in EVERY if name not in INNER or getattr(settings, name) is not None)


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Builder = Callable[[Settings], AbstractAsyncContextManager[wiring.App]]


class Process:
    """An ASGI application that is built when the server starts it and taken apart when it stops."""

    def __init__(self, name: str, builder: Builder) -> None:
        """Build process `name` with `builder`, from the settings file named in the environment."""
        self._name = name
        self._builder = builder
        self._app: Observed | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            settings = load(Path(os.environ[SETTINGS_VARIABLE]))
            built = self._builder(settings)
            keys = tuple(str(name) for name in wiring.KEYS.get(self._name, ()))
            readiness = Readiness(self._name, settings, keys, SystemClock())
            self._app = Observed(self._name, await built.__aenter__(), readiness, wiring.tally_folder())
        except Exception as error:
            detail = {"detail": str(error)} if isinstance(error, TierceError) else {}
            logs.say("not started", level="error", kind=type(error).__name__, where=logs.where(error), **detail)
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            raise
        logs.set_up(self._name)  # again: a framework sets its own logging up as it is built
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


api = Process("api", wiring.api)
portal = Process("portal", wiring.portal)
office = Process("office", wiring.office)
persons = Process("persons", wiring.persons)
insurers = Process("insurers", wiring.insurers)
signer = Process("signer", wiring.signer)


def serve_site(name: str, settings: Settings) -> None:
    """Serve one site on its loopback port until stopped; the names are those of SITES and INNER.

    The API has several workers: the kernel shares the connections out among them. They have one database role and
    one signing key between them, hence are one instance in the journal; what each remembers is its own.
    """
    with tempfile.TemporaryDirectory(prefix="tierce-") as folder:
        os.environ[wiring.TALLY_VARIABLE] = folder
        Granian(
            f"tierce.web.processes:{name}",
            address="127.0.0.1",
            port=getattr(settings, name).port,
            interface=Interfaces.ASGI,
            workers=settings.api.processes if name == "api" else 1,
            http=HTTPModes.http1,
            websockets=False,
            log_access=False,
            log_dictconfig=logs.dict_config(name),
        ).serve()


class Supervisor:
    """Runs the processes as children; when one ends by itself, all are stopped: a part alone serves nobody."""

    def __init__(self, settings_file: Path, names: tuple[str, ...] = EVERY, logs: Path | None = None) -> None:
        """Run `names` with one settings file; each child writes to `logs`/NAME.log, or here when there is none."""
        self._file = settings_file
        self._names = names
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every child."""
        for name in self._names:
            output = None
            if self._logs is not None:
                self._logs.mkdir(parents=True, exist_ok=True)
                output = (self._logs / f"{name}.log").open("ab")
            command = [sys.executable, "-m", "tierce", "serve", "--settings", str(self._file), "--only", name]
            self._children[name] = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
            if output is not None:
                output.close()

    def ended(self) -> str | None:
        """The name of a child that ended by itself, or None."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Stop every child, politely and then for good."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()
