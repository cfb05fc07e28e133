"""The real `api` process on its own cluster, for one measurement, and what its counters say."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec

from tierce.kernel.scratch import Scratch
from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.machine import busy_seconds
from tierce.lab.bench.processes import children, stat, with_below
from tierce.registry.proving.store import prove_keys
from tierce.settings import load
from tierce.storage.cluster import DURABLE, Cluster, new_secret
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring
from tierce.storage.migrate import migrate
from tierce.upkeep.service import make_keys

DATABASE: Final = "tierce"
INSTANCE: Final = "api"
READY_SECONDS_MAX: Final = 120.0
STOP_SECONDS_MAX: Final = 15.0
_COMMAND: Final = "from tierce.cli import app; app(prog_name='tierce')"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PART: Final = re.compile(r'^tierce_gate_seconds_total\{part="(\w+)"\} ([0-9.]+)$', re.MULTILINE)
_OUTCOME: Final = re.compile(r'^tierce_gate_asks_total\{outcome="(\w+)"\} ([0-9]+)$', re.MULTILINE)
_BATCHES: Final = re.compile(r"^tierce_gate_batches_total ([0-9]+)$", re.MULTILINE)
_WORKERS: Final = re.compile(r"^tierce_gate_workers ([0-9]+)$", re.MULTILINE)

_Table = dict[str, str | int]


class Stage:
    """A cluster of its own with a migrated database and keys, in a directory that is removed at the end."""

    def __init__(self, home: Path) -> None:
        """Start everything that the population needs."""
        self.home = home
        self._cluster = Cluster(home / "cluster", DURABLE)
        self._cluster.start()
        self.database: Database = self._cluster.database(DATABASE)
        migrate(self.database)
        make_keys(home / "keys")
        prove_keys(self.database, home / "keys")
        self.keyring = Keyring(home / "keys", EVERY_KEY)

    @property
    def binaries(self) -> Path:
        """The directory of the server's programs."""
        return self._cluster.binaries

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self._cluster.data

    def stop(self) -> None:
        """Stop the server and remove its data."""
        self._cluster.discard()


@contextmanager
def open_stage(parent: Path) -> Iterator[Stage]:
    """Make a stage below `parent` for the time of a measurement; it goes when interrupted or terminated too."""
    with Scratch("gate.", parent) as home:
        home.path.chmod(0o711)  # the server may run as another user
        stage = Stage(home.path)
        try:
            yield stage
        finally:
            stage.stop()


class Counters(msgspec.Struct, frozen=True):
    """The gate's own counters at one moment, and processor seconds: service, PostgreSQL, generator, all of it."""

    seconds: dict[str, float]
    outcomes: dict[str, int]
    batches: int
    service_cpu: float
    database_cpu: float
    generator_cpu: float
    machine_cpu: float
    at: float

    def since(self, before: "Counters") -> "Counters":
        """What was added since `before`."""
        return Counters(
            {part: value - before.seconds.get(part, 0.0) for part, value in self.seconds.items()},
            {name: count - before.outcomes.get(name, 0) for name, count in self.outcomes.items()},
            self.batches - before.batches,
            self.service_cpu - before.service_cpu,
            self.database_cpu - before.database_cpu,
            self.generator_cpu - before.generator_cpu,
            self.machine_cpu - before.machine_cpu,
            self.at - before.at,
        )

    @property
    def others_cpu(self) -> float:
        """Of a difference: processors taken by anything that is no part of the measurement, on average."""
        ours = self.service_cpu + self.database_cpu + self.generator_cpu
        return max(0.0, self.machine_cpu - ours) / self.at

    @property
    def asks(self) -> int:
        """Asks answered, of any outcome."""
        return sum(self.outcomes.values())


class Service:
    """One process as `tierce serve --only SITE` runs it; the API with its own number of workers if none is given."""

    def __init__(self, stage: Stage, port: int, workers: int = 0, site: str = INSTANCE) -> None:
        """Start it and wait until it answers: the API, until every worker's gate is open."""
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._stage = stage
        self._site = site
        self._log = stage.home / f"{site}.log"
        settings = stage.home / "settings.toml"
        settings.write_text(_settings(stage, site, port, workers), encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _COMMAND, "serve", "--only", site, "--settings", settings],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.workers = load(settings).api.processes
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._ready():
                return
            time.sleep(0.05)
        tail = self._log.read_text(errors="replace")[-1500:]
        msg = f"the {self._site} process did not become ready; the end of its log says:\n{tail}"
        raise BenchError(msg)

    def _ready(self) -> bool:
        try:
            if self._site == INSTANCE:
                found = _WORKERS.search(self._get("/metrics"))
                return found is not None and int(found.group(1)) == self.workers
            self._get("/")
        except urllib.error.HTTPError as answer:
            return self._site != INSTANCE and answer.code == HTTPStatus.UNAUTHORIZED
        except (OSError, urllib.error.URLError):
            return False
        return True

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:  # noqa: S310 - our own loopback URL
            text: str = answer.read().decode()
        return text

    def counters(self) -> Counters:
        """Read the counters now."""
        text = self._get("/metrics")
        batches = _BATCHES.search(text)
        return Counters(
            {part: float(value) for part, value in _PART.findall(text)},
            {name: int(count) for name, count in _OUTCOME.findall(text)},
            int(batches.group(1)) if batches else 0,
            cpu_seconds(self._process.pid),
            cpu_seconds(int((self._stage.data / "postmaster.pid").read_text().split()[0])),
            sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]),
            busy_seconds(),
            time.monotonic(),
        )

    def stop(self) -> None:
        """Stop it; killed when it does not stop by itself."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _settings(stage: Stage, site: str, port: int, workers: int) -> str:
    """Settings of a measurement, as TOML: no other process runs, so the other addresses lead nowhere."""
    client_secret = stage.home / "client.secret"
    new_secret(client_secret)
    database = stage.database
    nowhere: _Table = {"url": "http://127.0.0.1:9", "port": 9}
    served: _Table = {"url": f"http://127.0.0.1:{port}", "port": port}
    if site == INSTANCE:
        served["workers"] = workers
    realm: _Table = {
        "discovery": "http://127.0.0.1:9/.well-known/openid-configuration",
        "issuer": "http://127.0.0.1:9",
        "client_id": "bench",
        "client_secret_file": str(client_secret),
    }
    tables: dict[str, _Table] = {
        "": {"mode": "demo", "keys": str(stage.home / "keys")},
        "operator": dict.fromkeys(("name", "address", "phone", "officer", "officer_email"), "Mesure"),
        "database": {
            "host": database.host,
            "port": database.port,
            "name": database.name,
            "secrets": str(database.secrets),
        },
        **dict.fromkeys(("api", "portal", "office", "persons", "insurers"), nowhere),
        site: served,
        **dict.fromkeys(("psc", "staff", "persons_provider", "insurers_provider"), realm),
    }
    lines = []
    for table, values in tables.items():
        if table:
            lines.append(f"[{table}]")
        # A JSON string is a TOML basic string too.
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def cpu_seconds(root: int) -> float:
    """Processor seconds of a process and its descendants, those that ended included."""
    total = 0
    for one in with_below(root, children()):
        with suppress(OSError):  # it ended meanwhile: its parent has its seconds
            total += sum(int(ticks) for ticks in stat(one)[11:15])
    return total / _TICKS
