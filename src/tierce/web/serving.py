"""Serves one process behind its server, and runs them all from one command; nothing of what they are made of is here.

The server's own process only waits for its workers: they alone import what they are made of.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from tierce.settings import Settings
from tierce.web import logs
from tierce.web.names import EVERY, TALLY_VARIABLE


def serve_site(name: str, settings: Settings) -> None:
    """Serve one site on its loopback port until stopped; the names are those of SITES and INNER.

    The API has several workers: the kernel shares the connections out among them. They have one database role and
    one signing key between them, hence are one instance in the journal; what each remembers is its own.
    """
    with tempfile.TemporaryDirectory(prefix="tierce-") as folder:
        os.environ[TALLY_VARIABLE] = folder
        Granian(
            f"tierce.web.wiring.{name}:app",
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
