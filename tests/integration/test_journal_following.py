"""A machine whose worker waits for its turn keeps level: its tiles, what it publishes and what it keeps outside."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tierce.journal.errors import ForkError
from tierce.journal.following import Follower
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.note import checkpoint_note, unverified_checkpoint
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


class Written(KeptCheckpoint):
    """A kept checkpoint that remembers what was written to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sizes: list[int] = []

    def write(self, note: str) -> None:
        super().write(note)
        self.sizes.append(unverified_checkpoint(note).size)


@dataclass(frozen=True, slots=True)
class Machines:
    """One that sequences, and another that waits; each with a folder and a kept checkpoint of its own."""

    worker: psycopg.Connection
    appender: Appender
    sequencer: Sequencer
    first: LogFolder
    waiting: Follower
    second: LogFolder
    kept: Written

    def write(self, *counts: int) -> None:
        """Lines in batches of so many, each batch under a checkpoint of its own."""
        for count in counts:
            self.appender.append(self.worker, lines(count))
            assert self.sequencer.step() == count


@pytest.fixture
def machines(connect: Connect, database: Database, tmp_path: Path) -> Machines:
    worker, first, second = connect("tierce_worker"), log_of(database), LogFolder(tmp_path / "log")
    sequencer = Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, first)
    kept = Written(tmp_path / "checkpoint")
    second.begin()
    follower = Follower(connect("tierce_worker"), ORIGIN, [LOG_KEY.public_key()], second, kept=kept)
    appender = Appender.enrol(worker, "worker", WORKER_KEY)
    return Machines(worker, appender, sequencer, first, follower, second, kept)


def files(log: LogFolder, names: Sequence[str] = ("tile", "checkpoint")) -> dict[str, bytes]:
    found = [one for name in names for one in (log.path / name, *(log.path / name).rglob("*")) if one.is_file()]
    return {str(one.relative_to(log.path)): one.read_bytes() for one in found}


def test_it_has_the_tiles_the_checkpoint_and_the_kept_note_of_whoever_sequences(
    machines: Machines, database: Database
) -> None:
    machines.waiting.load()
    assert machines.second.checkpoint() is machines.kept.read() is None, "of an empty log there is nothing"
    for counts in ((3,), (*[64] * 8, 5), (1,)):
        machines.write(*counts)
        machines.waiting.load()
        assert machines.second.checkpoint() == machines.kept.read() == machines.first.checkpoint()
        shown = verify(Journal(database.dsn("tierce_office"), machines.second.path), LOG_LINE, [])
        assert shown.intact, shown.findings
    full = {name: data for name, data in files(machines.first).items() if ".p/" not in name}
    assert full.items() <= files(machines.second).items(), "full tiles are the same bytes"


def test_what_is_kept_never_goes_back_while_lost_tiles_are_made_again(machines: Machines) -> None:
    machines.write(3, 4)
    machines.waiting.load()
    shutil.rmtree(machines.second.path)
    machines.second.begin()
    machines.waiting.load()
    assert machines.second.checkpoint() == machines.first.checkpoint()
    assert machines.kept.sizes == [7], "it was kept already"


@pytest.mark.parametrize("size", [7, 9])
def test_another_history_than_the_kept_one_is_said_each_time_and_takes_nothing_s_place(
    machines: Machines, size: int
) -> None:
    machines.write(3, 4)
    machines.waiting.load()
    other = checkpoint_note(ORIGIN, size, bytes(32), LOG_KEY)
    machines.kept.write(other)
    before = files(machines.second)
    machines.write(1, 3)
    for _ in range(2):
        with pytest.raises(ForkError, match=f"the checkpoint of {size} leaves kept outside is not the database's"):
            machines.waiting.load()
        assert (machines.kept.read(), files(machines.second)) == (other, before)


def test_a_database_behind_what_is_kept_is_said(machines: Machines) -> None:
    machines.write(3)
    machines.waiting.load()
    machines.kept.write(checkpoint_note(ORIGIN, 4, bytes(32), LOG_KEY))
    with pytest.raises(ForkError, match="an older backup was restored"):
        machines.waiting.load()


def test_where_both_write_in_one_folder_nothing_goes_back(machines: Machines, connect: Connect) -> None:
    follower = Follower(connect("tierce_worker"), ORIGIN, [LOG_KEY.public_key()], machines.first)
    done, faults = threading.Event(), list[BaseException]()

    def follow() -> None:
        try:
            while not done.is_set():
                follower.load()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            faults.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    sizes = []
    for _ in range(60):
        machines.write(7)
        sizes.append(unverified_checkpoint(machines.first.checkpoint() or "").size)
    done.set()
    thread.join()
    assert (faults, sizes) == ([], list(range(7, 7 * 61, 7)))
