"""`tierce serve`: runs one process behind its server, or all of them; `web/wiring/` says what each is made of.

Alone, the server's own process only waits for its workers: they alone import what they are made of. All together, one
process imports it once, and every other is its fork (ADR 0047).
"""

import gc
import importlib
import multiprocessing
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from tierce.kernel.errors import TierceError
from tierce.settings import Settings
from tierce.storage.said import said
from tierce.web import logs
from tierce.web.names import TALLY_VARIABLE

WORKER, BILLING = "worker", "billing"
STOP_SECONDS_MAX = 10.0
CONNECTIONS_MAX = 4_096
"""At once, for one worker: half of the files that a unit lets it open; past that one waits to be let in."""
_COMM = Path("/proc/self/comm")


def serve_one(name: str, settings: Settings) -> None:
    """Serve one process until stopped."""
    if name == WORKER:
        importlib.import_module(_module_of(name)).run_worker(settings)
    elif name == BILLING:
        importlib.import_module(_module_of(name)).run_billing(settings)
    else:
        serve_site(name, settings)


def serve_site(name: str, settings: Settings) -> None:
    """Serve one site on its loopback port until stopped; the names are those of SITES, INNER and OUTER.

    The API has several workers: the kernel shares the connections out among them. They have one database role and
    one signing key between them, hence are one instance in the journal; what each remembers is its own.
    """
    port = getattr(settings, name).port
    with tempfile.TemporaryDirectory(prefix="tierce-") as folder, _told(port):
        os.environ[TALLY_VARIABLE] = folder
        Granian(
            f"{_module_of(name)}:app",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGI,
            workers=settings.api.processes if name == "api" else 1,
            backpressure=CONNECTIONS_MAX,
            workers_kill_timeout=int(STOP_SECONDS_MAX),  # one that missed its signal would hold a restart up
            http=HTTPModes.http1,
            websockets=False,
            log_access=False,
            log_dictconfig=logs.dict_config(name),
        ).serve()


@contextmanager
def _told(port: int) -> Iterator[None]:
    """Say as an OSError what the server says in a RuntimeError's text: mostly that another process has the port."""
    try:
        yield
    except RuntimeError as error:
        found = re.search(r"os error (\d+)", str(error))
        if found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1])), f"127.0.0.1:{port}") from None


class Supervisor:
    """Runs the processes as children; when one ends by itself, all are stopped: a part alone serves nobody."""

    def __init__(self, settings: Settings, names: tuple[str, ...], logs: Path | None) -> None:
        """Run `names` with one set of settings; each child writes to `logs`/NAME.log, or here when there is none."""
        self._settings = settings
        self._names = names
        self._logs = logs
        self._children: dict[str, BaseProcess] = {}

    def start(self) -> None:
        """Import what the children are made of, then fork each of them.

        Nothing that one of them must not have is in this process: no key, no password, no connection.
        """
        for name in self._names:
            importlib.import_module(_module_of(name))
        gc.collect()
        gc.freeze()  # what is shared from here on is not written to by a collection in each child
        context = multiprocessing.get_context("fork")
        for name in self._names:
            child = context.Process(target=self._become, args=(name,), name=name)
            child.start()
            self._children[name] = child

    def ended(self) -> str | None:
        """The name of a child that ended by itself, or None."""
        return next((name for name, child in self._children.items() if not child.is_alive()), None)

    def stop(self) -> None:
        """Stop every child, politely and then for good."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            child.join(STOP_SECONDS_MAX)
            if child.is_alive():
                child.kill()
                child.join()
        self._children.clear()

    def _become(self, name: str) -> None:
        """Be one process, in a child: its own session, signals, output and name."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        if self._logs is not None:
            self._logs.mkdir(parents=True, exist_ok=True)
            with (self._logs / f"{name}.log").open("ab") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
        if _COMM.exists():
            _COMM.write_text(f"tierce-{name}", "ascii")  # what ps and top show beside the command line
        try:
            serve_one(name, self._settings)
        except (OSError, TierceError) as error:
            sys.stderr.write(f"✗ {name} : {said(error)}\n")
            raise SystemExit(1) from None
        except Exception:  # noqa: BLE001 - whoever forked us would print the error's text
            sys.excepthook(*sys.exc_info())
            raise SystemExit(1) from None


def _module_of(name: str) -> str:
    return f"tierce.web.{name}" if name in {WORKER, BILLING} else f"tierce.web.wiring.{name}"
