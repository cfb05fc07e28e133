"""The sequencer's process is killed at random instants while others append: nothing is lost, doubled or forked."""

import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forks import fork
from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tests.waiting import eventually
from tierce.journal.errors import SequencerBusyError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.note import unverified_checkpoint
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

LIFE_SECONDS = 0.4
"""A sequencer lives up to this long: several steps, or none."""
REST_SECONDS = 0.01
AHEAD_MAX = 600
"""How far the writer goes ahead of what is published, so that steps are short and a kill falls anywhere in one."""


def work(database: Database, folder: Path, home: Path) -> None:
    """Sequence without a pause, as a worker with a great deal to do."""
    connection = database.connect("tierce_worker")
    while True:
        try:
            sequencer = Sequencer(connection, ORIGIN, LOG_KEY, LogFolder(folder), kept=KeptCheckpoint(home / "kept"))
        except SequencerBusyError:
            continue  # the server has not seen yet that the one before is dead
        break
    (home / "loaded").touch()
    while True:
        sequencer.step()


class Writer(threading.Thread):
    """Appends batches until told to stop, some of them in transactions held open or given up."""

    def __init__(self, connect: Connect, seed: int, log: LogFolder) -> None:
        super().__init__()
        self._log = log
        self._connections = [connect("tierce_worker") for _ in range(3)]
        self._appender = Appender.enrol(self._connections[0], "worker", WORKER_KEY)
        self._chance = random.Random(seed)
        self.stopping = threading.Event()
        self.written = 0

    def run(self) -> None:
        while not self.stopping.wait(REST_SECONDS):
            note = self._log.checkpoint()
            if self.written - (0 if note is None else unverified_checkpoint(note).size) > AHEAD_MAX:
                continue
            opened = []
            for connection in self._connections:
                count = self._chance.randint(1, 64)
                self._appender.write(connection, lines(count))
                opened.append((connection, count))
            self._chance.shuffle(opened)
            for connection, count in opened:
                if self._chance.random() < 0.1:
                    connection.rollback()
                else:
                    connection.commit()
                    self.written += count


def killed(database: Database, tmp_path: Path, connect: Connect, times: int, say: Callable[[str], None]) -> int:
    """Kill the sequencer so many times, and hold the log to all that it published in between."""
    seed = int(os.environ.get("TIERCE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    say(f"seed {seed}: TIERCE_TEST_SEED={seed} repeats it")
    chance, folder = random.Random(seed), log_of(database).path
    writer, notes = Writer(connect, seed, LogFolder(folder)), set()
    writer.start()
    try:
        for _ in range(times):
            child = fork(work, database, folder, tmp_path)
            if chance.random() < 0.8:
                eventually((tmp_path / "loaded").exists, "the sequencer begins", seconds=30)
            child.join(chance.random() * LIFE_SECONDS)
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            assert child.exitcode == -signal.SIGKILL, "it stopped by itself: the log was found broken"
            (tmp_path / "loaded").unlink(missing_ok=True)
            note = LogFolder(folder).checkpoint()
            if note is not None:
                notes.add(note)
    finally:
        writer.stopping.set()
        writer.join()

    def last() -> Sequencer | None:
        try:
            return Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, LogFolder(folder))
        except SequencerBusyError:
            return None

    sequencer = eventually(last, "the last dead sequencer's lock is free")
    assert sequencer is not None
    while sequencer.step():
        pass
    report = verify(Journal(database.dsn("tierce_office"), folder), LOG_LINE, sorted(notes))
    assert report.intact, report.findings[:5]
    assert report.entries == report.leaves == report.published == writer.written
    assert report.waiting == 0
    assert len(notes) > times // 4, "most sequencers lived long enough to publish something"
    say(f"{times} kills, {report.entries} entries, {report.checkpoints} checkpoints, {len(notes)} of them kept")
    return report.entries


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print in the run itself: a seed that nobody sees repeats nothing."""

    def aloud(what: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{what}\n")

    return aloud


def test_forty_kills_lose_double_and_fork_nothing(
    database: Database, tmp_path: Path, connect: Connect, say: Callable[[str], None]
) -> None:
    assert killed(database, tmp_path, connect, 40, say) > 0


@pytest.mark.slow
def test_five_hundred_kills_lose_double_and_fork_nothing(
    database: Database, tmp_path: Path, connect: Connect, say: Callable[[str], None]
) -> None:
    assert killed(database, tmp_path, connect, 500, say) > 0
