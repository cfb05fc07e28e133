"""The processes as ASGI applications and a loop, and how one command runs them all."""

import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from tierce.journal.errors import SequencerBusyError
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, Appender, Sequencer
from tierce.kernel.clock import SystemClock
from tierce.policy.digest import policy_digest
from tierce.settings import Settings, load
from tierce.storage.keys import Keyring
from tierce.watch.service import Watcher
from tierce.web import wiring

SETTINGS_VARIABLE = "TIERCE_SETTINGS"
SITES = ("api", "portal", "office", "persons", "insurers")
EVERY = (*SITES, "worker")
TURN_SECONDS = 0.2
TIDY_EVERY_TURNS = 300

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Builder = Callable[[Settings], AbstractAsyncContextManager[wiring.App]]


class Process:
    """An ASGI application that is built when the server starts it and taken apart when it stops."""

    def __init__(self, builder: Builder) -> None:
        """Build with `builder`, from the settings file named in the environment."""
        self._builder = builder
        self._app: wiring.App | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            built = self._builder(load(Path(os.environ[SETTINGS_VARIABLE])))
            self._app = await built.__aenter__()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            raise
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


api = Process(wiring.api)
portal = Process(wiring.portal)
office = Process(wiring.office)
persons = Process(wiring.persons)
insurers = Process(wiring.insurers)


def serve_site(name: str, settings: Settings) -> None:
    """Serve one site on its loopback port until stopped; the names are those of SITES.

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
        ).serve()


def run_worker(settings: Settings) -> None:
    """Sequence the journal and watch its new lines, a turn every TURN_SECONDS, until stopped."""
    keyring = Keyring(settings.key_directory(), ())
    database = settings.connection()
    stopping = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.append(True)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with database.connect("tierce_worker") as log, database.connect("tierce_worker") as watched:
        appender = Appender.enrol(watched, "worker", keyring.instance("worker"))
        sequencer = Sequencer(log, LOG_ORIGIN, keyring.instance(LOG_KEY_NAME))
        watcher = Watcher(watched, appender, SystemClock(), policy_digest())
        turn = 0
        while not stopping:
            started = time.monotonic()
            # Another worker may be the one that sequences; this one then watches until it is gone.
            with suppress(SequencerBusyError):
                sequencer.step()
            watcher.step()
            if turn % TIDY_EVERY_TURNS == 0:
                watcher.tidy()
            turn += 1
            time.sleep(max(0.0, TURN_SECONDS - (time.monotonic() - started)))


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
