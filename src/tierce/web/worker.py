"""The worker: sequences the journal, watches its new lines, takes deposits in, counts for lines of many, beats.

A turn every TURN_SECONDS; a duty of the turn that fails is logged and told (`web/duties.py`), and the others go on.
While it sees what the last whole turn saw, a turn asks nothing more; one each second is whole all the same.
"""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, write_to_textfile
from psycopg import Connection

from tierce import __version__
from tierce.controls.service import Controls
from tierce.deposits.resolution import Done, Resolver
from tierce.deposits.sealing import Opener
from tierce.deposits.spool import bytes_held
from tierce.deposits.store import Pairs
from tierce.gate.store import size_crowded
from tierce.journal.beats import BEAT_SECONDS, beat
from tierce.journal.errors import FollowingError, LogFatalError, SequencerBusyError
from tierce.journal.following import Follower
from tierce.journal.kept import KeptCheckpoint, retired_log_keys
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.disks import free_on
from tierce.policy.digest import policy_digest
from tierce.presence.settling import Settler
from tierce.settings import Settings
from tierce.storage import heartbeat
from tierce.storage.errors import SchemaOtherError
from tierce.storage.keys import DEPOSIT_KEY, Keyring
from tierce.storage.said import said
from tierce.storage.version import insist_on_schema, program
from tierce.watch.service import Watcher
from tierce.web import logs
from tierce.web.duties import Duties
from tierce.web.names import CHECKPOINT_FILE, KEYS, WORKER_FIGURES
from tierce.web.status.page import StatusPage
from tierce.web.witnessing import Witnessing

TURN_SECONDS = 0.2
CHECKPOINT_SECONDS = 1.0
"""Between two checkpoints, unless nothing is new; each is a row, a signature and a few files for ever."""
TIDY_EVERY_TURNS = 300
BEAT_EVERY_TURNS = 10
BEAT_LINE_TURNS = round(BEAT_SECONDS / TURN_SECONDS)
"""Turns that take longer than their time only make it later: three may be missed."""
STATUS_EVERY_TURNS = 5
WHOLE_EVERY_TURNS = 5
"""What becomes due by the clock alone waits so long at most."""
RETRY_SECONDS = 1.0


class Gauges:
    """The worker's figures, as a file for a collector of text files: the worker serves no page."""

    def __init__(self, folder: Path | None, disks: dict[str, Path]) -> None:
        """Write `folder`/worker.prom, or nothing when there is no folder; `disks` are the folders that are filled."""
        self._file = None if folder is None else folder / WORKER_FIGURES
        self._registry = CollectorRegistry()
        self.sequenced = Counter("tierce_worker_sequenced", "Journal lines sequenced.", registry=self._registry)
        self.holds = Counter("tierce_worker_holds", "Devices held by the watch.", registry=self._registry)
        self.deposits = Counter("tierce_worker_deposits", "Deposits resolved.", registry=self._registry)
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
        self._disks = disks
        self.spool = Gauge("tierce_spool_bytes", "Files of the spool of deposits.", registry=self._registry)
        self.free = Gauge(
            "tierce_disk_free_ratio",
            "Free share of a folder's disk, of room or files.",
            ["part"],
            registry=self._registry,
        )
        self.beat = Gauge("tierce_worker_beat_timestamp_seconds", "The last sign of life.", registry=self._registry)

    def write(self) -> None:
        """Look at the disks and replace the file."""
        if self._file is None:
            return
        self.spool.set(bytes_held(self._disks["spool"]))
        for part, folder in self._disks.items():
            with suppress(FileNotFoundError):  # the spool is made by the first deposit's process
                left = free_on(folder)
                self.free.labels(part).set(min(left.room, left.files))
        write_to_textfile(str(self._file), self._registry)


def run_worker(settings: Settings) -> None:
    """Work until stopped. When the database goes away, say so on the status page and wait for it."""
    logs.set_up("worker")
    keyring = Keyring(settings.key_directory(), KEYS["worker"])
    signing = keyring.instance("worker"), keyring.instance(LOG_KEY_NAME)
    opener, pairs = Opener(*keyring.every(DEPOSIT_KEY)), Pairs(keyring)
    clock, folder = SystemClock(), settings.state_directory()
    disks = {"spool": settings.spool_directory(), "log": settings.log_directory()}
    gauges, page = Gauges(folder, disks), StatusPage.of(settings, clock)
    kept = None if folder is None else KeptCheckpoint(folder / CHECKPOINT_FILE)
    stopping: list[bool] = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.append(True)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with page.kept_true():
        _live(lambda stack: _hands(stack, settings, signing, kept, opener, pairs), gauges, page, stopping)
    logs.say("stopped")


def _live(take_up: Callable[[ExitStack], "_Hands"], gauges: Gauges, page: StatusPage, stopping: list[bool]) -> None:
    """Turn on one set of connections after another until stopped."""
    while not stopping:
        try:
            with ExitStack() as stack:
                hands = take_up(stack)
                logs.say("started")
                _turns(hands, gauges, page, stopping)
        except LogFatalError as error:
            logs.say("the sequencer refuses to go on", level="error", kind=type(error).__name__, detail=str(error))
            raise SystemExit(1) from None
        except SchemaOtherError as error:
            logs.say("not started", level="error", kind=type(error).__name__, detail=said(error))
            raise SystemExit(1) from None
        except OSError as error:
            logs.say("a folder cannot be used", level="error", kind=type(error).__name__, where=logs.where(error))
            time.sleep(RETRY_SECONDS)
        except SequencerBusyError:
            logs.say("another worker sequences: waiting for its turn", level="warning")
            time.sleep(RETRY_SECONDS)
        except psycopg.OperationalError as error:
            logs.say("the database is away", level="warning", kind=type(error).__name__)
            with suppress(OSError):  # a full disk is no reason to stop waiting for the database
                page.write_away()
            with suppress(OSError):
                gauges.write()  # the spool fills while the database is away
            time.sleep(RETRY_SECONDS)


@dataclass(slots=True)
class _Hands:
    """What works on one set of connections; all of it is made anew when the database was away."""

    watched: Connection
    counter: Connection
    make_sequencer: Callable[[], Sequencer]
    follower: Follower
    watcher: Watcher
    resolver: Resolver
    settler: Settler
    witnessing: Witnessing
    controls: Controls
    appender: Appender
    sequencer: Sequencer | None = None
    sequenced: float = 0.0
    """When the last checkpoint was made or looked for, by a clock that only goes forward."""

    def sequence(self) -> int | None:
        """Put what waits under a checkpoint, a second after the last one at the earliest: until then, None.

        Raises:
            SequencerBusyError: another worker sequences.
            LogFatalError: the log is not what was signed, or a witness contradicts it.
        """
        if self.sequencer is None:
            made = self.make_sequencer()
            # Nothing new is signed before the witnesses were asked: one that is ahead knows of a later history.
            self.witnessing.begin()
            self.sequencer = made
        self.witnessing.insist()
        if time.monotonic() - self.sequenced < CHECKPOINT_SECONDS:
            return None
        taken = self.sequencer.step()
        if taken:
            self.sequenced = time.monotonic()
        return taken

    def sequence_or_follow(self) -> int | None:
        """Sequence, unless another worker does: this one then keeps its own files level until that one is gone.

        Raises:
            FollowingError: it cannot. Nothing is signed here, so that the worker's other duties go on.
        """
        with suppress(SequencerBusyError):
            return self.sequence()
        if time.monotonic() - self.sequenced < CHECKPOINT_SECONDS:
            return None
        self.sequenced = time.monotonic()
        try:
            self.follower.load()
        except LogFatalError as error:
            raise FollowingError(str(error)) from error
        return 0

    def say_alive(self) -> None:
        """Write the journal line by which others know that the worker lives."""
        now = micros(SystemClock().now())
        self.appender.append(self.watched, [beat(self.appender.instance, now)])


def _hands(
    stack: ExitStack,
    settings: Settings,
    signing: tuple[Ed25519PrivateKey, Ed25519PrivateKey],
    kept: KeptCheckpoint | None,
    opener: Opener,
    pairs: Pairs,
) -> _Hands:
    database, clock, policy = settings.connection(), SystemClock(), policy_digest()
    folder = LogFolder(settings.log_directory())
    log, watched, counter = (stack.enter_context(database.connect("tierce_worker")) for _ in range(3))
    insist_on_schema(watched)
    appender = Appender.enrol(watched, "worker", signing[0])
    retired = retired_log_keys(settings.key_directory())
    keys = signing[1].public_key(), *retired
    return _Hands(
        watched,
        counter,
        lambda: Sequencer(log, LOG_ORIGIN, signing[1], folder, kept=kept, retired=retired),
        Follower(log, LOG_ORIGIN, keys, folder, kept=kept),
        Watcher(watched, appender, clock, policy),
        Resolver(counter, appender, opener, pairs, clock, policy, folder=settings.spool_directory()),
        Settler(counter, appender, clock, policy),
        stack.enter_context(closing(Witnessing(settings))),
        Controls(appender, signing[0], clock, __version__),
        appender,
    )


def _work(hands: _Hands, duties: Duties, gauges: Gauges) -> bool:
    """Do what waits; whether all of it was looked at: nothing failed, and nothing has to wait for its second."""
    sequenced = duties.run("sequencer", hands.sequence_or_follow)
    gauges.sequenced.inc(sequenced or 0)
    if sequenced:
        gauges.step_lines.observe(sequenced)
    held = duties.run("watch", hands.watcher.step)
    gauges.holds.inc(len(held or ()))
    resolved = duties.run("deposits", lambda: hands.resolver.resolve(Done()))
    gauges.deposits.inc(resolved or 0)
    settled = duties.run("presence", hands.settler.step)
    return None not in (sequenced, held, resolved, settled)


def _turns(hands: _Hands, gauges: Gauges, page: StatusPage, stopping: list[bool]) -> None:
    """Turn until stopped, or until the database goes away."""
    turn, quiet = 0, ""
    duties = Duties(hands.watched, hands.counter)
    while not stopping:
        started = time.monotonic()
        typed = duties.run("spool", hands.resolver.take)  # files, of which no snapshot tells
        seen = heartbeat.visible(hands.counter)
        if typed or seen != quiet or turn % WHOLE_EVERY_TURNS == 0:
            quiet = seen if _work(hands, duties, gauges) else ""
        if turn % STATUS_EVERY_TURNS == 0:
            duties.run("status", lambda: page.write(hands.counter))
            duties.run("common-lines", lambda: size_crowded(hands.counter))
        if turn % TIDY_EVERY_TURNS == 0:
            duties.run("watch-tidy", hands.watcher.tidy)
            duties.run("presence-tidy", hands.settler.tidy)
            duties.run("deposits-tidy", hands.resolver.tidy)
            duties.run("controls", lambda: hands.controls.step(hands.watched))
        gauges.turn_seconds.observe(time.monotonic() - started)
        if turn % BEAT_LINE_TURNS == BEAT_LINE_TURNS - 1:
            duties.run("beat", hands.say_alive)
        if turn % BEAT_EVERY_TURNS == 0:
            waiting = heartbeat.waiting(hands.watched).lines
            heartbeat.beat(hands.watched, "worker", program(), turn, waiting, duties.failing)
            gauges.waiting.set(waiting)
            gauges.beat.set(SystemClock().now().timestamp())
            duties.run("figures", gauges.write)
        turn += 1
        time.sleep(max(0.0, TURN_SECONDS - (time.monotonic() - started)))
