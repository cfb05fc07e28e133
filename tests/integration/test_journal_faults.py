"""Every write of the sequencer, lost and done but not acknowledged; then tried again, then loaded again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tierce.journal.errors import SequencerBusyError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import Tile
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

WRITES = ("places", "checkpoint", "commit", "tiles", "publish", "keep", "drop")


class Lost(OSError):  # noqa: N818 - what happened, as a word
    """The write did not happen, or nobody was told that it did."""


class Fault:
    """One write that fails, once, when it is armed: before it is done, or after."""

    def __init__(self) -> None:
        self.write = self.when = ""

    def arm(self, write: str, when: str) -> None:
        self.write, self.when = write, when

    def around(self, write: str, real: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the real write gives
        """Do the real write, unless it is the armed one and is to be lost."""
        armed = self.write == write
        if armed:
            self.write = ""
            if self.when == "lost":
                raise Lost
        given = real()
        if armed:
            raise Lost
        return given


class FaultyConnection(psycopg.Connection[Any]):
    """A real connection, one statement of which fails; a commit that fails takes the connection along."""

    fault: Fault

    def execute(self, query: Any, *args: Any, **others: Any) -> Any:  # noqa: ANN401 - the library's own shape
        real = super().execute
        text = str(query)
        write = "checkpoint" if "insert into journal.checkpoint" in text else "other"
        return self.fault.around(write, lambda: real(query, *args, **others))

    def cursor(self, *args: Any, **others: Any) -> Any:  # noqa: ANN401 - the library's own shape
        # The sequencer copies places through a cursor of its own; nothing else of a step asks for one.
        real = super().cursor
        return self.fault.around("other" if args or others else "places", lambda: real(*args, **others))

    def commit(self) -> None:
        real = super().commit
        try:
            self.fault.around("commit", real)
        except Lost:
            self.close()
            raise


class FaultyFolder(LogFolder):
    """A real folder, one write of which fails: tiles half way through them."""

    def __init__(self, path: Path, fault: Fault) -> None:
        super().__init__(path)
        self._fault = fault

    def put(self, tiles: Iterable[Tile]) -> None:
        every = list(tiles)
        if self._fault.write == "tiles":
            super().put(every[: len(every) // 2])
        self._fault.around("tiles", lambda: super(FaultyFolder, self).put(every))

    def publish(self, note: str) -> None:
        self._fault.around("publish", lambda: super(FaultyFolder, self).publish(note))

    def drop_partials(self, tiles: Iterable[Tile]) -> None:
        every: Sequence[Tile] = list(tiles)
        self._fault.around("drop", lambda: super(FaultyFolder, self).drop_partials(every))


class FaultyKept(KeptCheckpoint):
    """A real kept checkpoint, whose writing fails."""

    def __init__(self, path: Path, fault: Fault) -> None:
        super().__init__(path)
        self._fault = fault

    def write(self, note: str) -> None:
        self._fault.around("keep", lambda: super(FaultyKept, self).write(note))


class Bench:
    """One log, its sequencer, and everything that was ever published of it."""

    def __init__(self, database: Database, home: Path, worker: psycopg.Connection) -> None:
        self.fault = Fault()
        self._database, self._worker = database, worker
        self._log = FaultyFolder(log_of(database).path, self.fault)
        self._kept = FaultyKept(home / "kept", self.fault)
        self._appender = Appender.enrol(worker, "worker", WORKER_KEY)
        self._published: list[str] = []
        self.opened: list[FaultyConnection] = []
        self.written = 0
        self.sequencer = self.load()

    def load(self) -> Sequencer:
        """A sequencer as a worker that starts makes it."""
        connection = FaultyConnection.connect(self._database.dsn("tierce_worker"))
        connection.fault = self.fault
        self._own = connection
        self.opened.append(connection)
        self.sequencer = Sequencer(connection, ORIGIN, LOG_KEY, self._log, kept=self._kept)
        return self.sequencer

    def again(self) -> Sequencer:
        """A sequencer after the one there is has ended."""
        self._own.close()
        tries = 0
        while True:
            try:
                return self.load()
            except SequencerBusyError:
                # The server has not noticed yet that the connection is gone; each try is a round trip to it.
                tries += 1
                assert tries < 10_000

    def append(self, count: int) -> None:
        """Write some batches of 50."""
        for _ in range(count):
            self._appender.append(self._worker, lines(50))
        self.written += 50 * count

    def check_log(self) -> Report:
        """Verify the whole log, and that it contradicts nothing that was ever published."""
        note = self._log.checkpoint()
        if note is not None:
            self._published.append(note)
        journal = Journal(self._database.dsn("tierce_office"), self._log.path)
        report = verify(journal, LOG_LINE, self._published)
        assert report.intact, report.findings
        assert report.entries == self.written
        assert report.leaves + report.waiting == self.written
        return report


@pytest.fixture
def bench(database: Database, tmp_path: Path, connect: Connect) -> Iterator[Bench]:
    made = Bench(database, tmp_path, connect("tierce_worker"))
    yield made
    for connection in made.opened:
        connection.close()


@pytest.mark.parametrize("when", ["lost", "done"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_fails_loses_nothing_and_forks_nothing(bench: Bench, write: str, when: str) -> None:
    bench.append(4)
    assert bench.sequencer.step() == 200
    assert bench.check_log().leaves == 200
    bench.append(3)  # 350: the first tile of leaves is filled by this step
    bench.fault.arm(write, when)
    with pytest.raises(Lost):
        bench.sequencer.step()
    bench.check_log()
    if write == "commit":
        bench.again()
    bench.append(1)
    while bench.sequencer.step():
        bench.check_log()
    assert bench.check_log().published == 400
    bench.append(6)
    bench.again()
    bench.check_log()
    assert bench.sequencer.step() == 300
    assert bench.check_log().published == 700


@pytest.mark.parametrize("write", [one for one in WRITES if one != "commit"])
def test_a_write_that_fails_is_made_good_by_whoever_loads_the_log_next(bench: Bench, write: str) -> None:
    bench.append(7)
    bench.fault.arm(write, "lost")
    with pytest.raises(Lost):
        bench.sequencer.step()
    bench.check_log()
    # And the recovery's own write fails too, the first time.
    if write in ("tiles", "publish", "keep"):
        bench.fault.arm(write, "done")
        with pytest.raises(Lost):
            bench.again()
        bench.check_log()
    bench.again()
    bench.check_log()
    while bench.sequencer.step():
        pass
    assert bench.check_log().published == 350


def test_a_second_writer_from_the_same_size_writes_nothing(bench: Bench, connect: Connect) -> None:
    """The advisory lock is lost without a word, and both go on: the table's keys decide."""
    bench.append(2)
    bench.sequencer.step()
    first = bench.sequencer
    bench._own.execute("select pg_advisory_unlock_all()")
    bench._own.commit()
    second = bench.load()
    bench.append(2)
    assert first.step() == 100
    bench.append(1)
    with pytest.raises(SequencerBusyError):
        second.step()
    bench.check_log()
    assert second.step() == 50
    assert bench.check_log().leaves == 250
    assert connect("tierce_worker").execute("select count(*) from journal.checkpoint").fetchone() == (3,)
