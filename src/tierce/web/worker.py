"""The worker: sequences the journal and watches its new lines, a turn every TURN_SECONDS, and says that it lives."""

import signal
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, write_to_textfile

from tierce import __version__
from tierce.journal.errors import ForkError, SequencerBusyError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, Appender, Sequencer
from tierce.kernel.clock import SystemClock
from tierce.policy.digest import policy_digest
from tierce.settings import Settings
from tierce.storage import heartbeat
from tierce.storage.keys import Keyring
from tierce.watch.service import Watcher
from tierce.web import logs
from tierce.web.wiring import retired_log_keys

TURN_SECONDS = 0.2
TIDY_EVERY_TURNS = 300
BEAT_EVERY_TURNS = 10
CHECKPOINT_FILE = "checkpoint"
METRICS_FILE = "worker.prom"


class Gauges:
    """The worker's figures, as a file for a collector of text files: the worker serves no page."""

    def __init__(self, folder: Path | None) -> None:
        """Write `folder`/worker.prom, or nothing when the operator gives no folder."""
        self._file = None if folder is None else folder / METRICS_FILE
        self._registry = CollectorRegistry()
        self.sequenced = Counter("tierce_worker_sequenced", "Journal lines sequenced.", registry=self._registry)
        self.holds = Counter("tierce_worker_holds", "Devices held by the watch.", registry=self._registry)
        self.turn_seconds = Histogram(
            "tierce_worker_turn_seconds",
            "Seconds of a turn's work.",
            registry=self._registry,
            buckets=(0.005, 0.02, 0.1, 0.2, 0.5, 1.0, 5.0),
        )  # fmt: skip - one figure, one line of words
        self.step_lines = Histogram(
            "tierce_worker_step_lines",
            "Lines taken by a step that took any.",
            registry=self._registry,
            buckets=(1, 10, 100, 1_000, 10_000),
        )  # fmt: skip - one figure, one line of words
        self.waiting = Gauge("tierce_journal_waiting", "Lines not under a checkpoint yet.", registry=self._registry)
        self.beat = Gauge("tierce_worker_beat_timestamp_seconds", "The last sign of life.", registry=self._registry)

    def write(self) -> None:
        """Replace the file."""
        if self._file is not None:
            write_to_textfile(str(self._file), self._registry)


def run_worker(settings: Settings) -> None:
    """Work until stopped."""
    logs.set_up("worker")
    keyring = Keyring(settings.key_directory(), ())
    database = settings.connection()
    clock, folder = SystemClock(), settings.state_directory()
    kept = None if folder is None else KeptCheckpoint(folder / CHECKPOINT_FILE)
    gauges = Gauges(folder)
    stopping = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.append(True)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with database.connect("tierce_worker") as log, database.connect("tierce_worker") as watched:
        appender = Appender.enrol(watched, "worker", keyring.instance("worker"))
        log_key, retired = keyring.instance(LOG_KEY_NAME), retired_log_keys(settings.key_directory())
        sequencer: Sequencer | None = None
        watcher = Watcher(watched, appender, clock, policy_digest())
        logs.say("started")
        turn = 0
        while not stopping:
            started = time.monotonic()
            taken = 0
            # Another worker may be the one that sequences; this one then watches until it is gone.
            with suppress(SequencerBusyError):
                try:
                    sequencer = sequencer or Sequencer(log, LOG_ORIGIN, log_key, kept=kept, retired=retired)
                except ForkError as error:
                    logs.say("the sequencer refuses to begin", level="error", kind="ForkError", detail=str(error))
                    raise SystemExit(1) from None
                taken = sequencer.step()
            gauges.sequenced.inc(taken)
            if taken:
                gauges.step_lines.observe(taken)
            gauges.holds.inc(len(watcher.step()))
            if turn % TIDY_EVERY_TURNS == 0:
                watcher.tidy()
            gauges.turn_seconds.observe(time.monotonic() - started)
            if turn % BEAT_EVERY_TURNS == 0:
                waiting = heartbeat.waiting(watched).lines
                heartbeat.beat(watched, "worker", __version__, turn, waiting)
                gauges.waiting.set(waiting)
                gauges.beat.set(clock.now().timestamp())
                gauges.write()
            turn += 1
            time.sleep(max(0.0, TURN_SECONDS - (time.monotonic() - started)))
    logs.say("stopped")
