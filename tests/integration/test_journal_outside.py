"""The log's folder, read by programs that are not ours: Go's sumdb packages as Debian ships them, and pymerkle."""

import importlib
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.outside import built
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tierce.journal.merkle import leaf_hash
from tierce.journal.note import unverified_checkpoint
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.tree import TileTree
from tierce.storage.database import Database

pymerkle: Any = importlib.import_module("pymerkle")  # it has no types; a plain import would want stubs

pytestmark = pytest.mark.integration

SIZE, OLD = 640, 320
"""Of 512 + 128: each complete subtree under the root is in its own tile. In other sizes this version of Go's reader
holds every tile but the first few to the tile above it: it counts subtrees where it should count tiles."""


class House:
    """A log of 640 entries, and what it was at 320."""

    def __init__(self, database: Database, connect: Connect) -> None:
        self.log: LogFolder = log_of(database)
        worker = connect("tierce_worker")
        appender = Appender.enrol(worker, "worker", WORKER_KEY)
        sequencer = Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, self.log)
        for turn in range(SIZE // 64):
            appender.append(worker, lines(64))
            if turn in (OLD // 64 - 1, SIZE // 64 - 1):
                sequencer.step()
                if turn == OLD // 64 - 1:
                    self.old_root = unverified_checkpoint(self.log.checkpoint() or "").root
        self.root = unverified_checkpoint(self.log.checkpoint() or "").root
        self.bodies = [row[0] for row in worker.execute("select body from journal.entry order by seq").fetchall()]
        worker.rollback()


@pytest.fixture
def house(database: Database, connect: Connect) -> House:
    return House(database, connect)


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our small reader, compiled from Debian's sources alone; nothing is downloaded."""
    return built("check", tmp_path_factory.mktemp("go"))


def run(go: Path, house: House, index: int, leaf: bytes, *old: str) -> subprocess.CompletedProcess[str]:
    command = [str(go), str(house.log.path), LOG_LINE, str(index), leaf.hex(), *old]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_go_reads_the_note_every_tile_a_record_and_the_growth(go: Path, house: House) -> None:
    for index in (0, 255, 256, 600, SIZE - 1):
        done = run(go, house, index, leaf_hash(house.bodies[index]), str(OLD), house.old_root.hex())
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [str(SIZE), house.root.hex()]


def test_go_refuses_what_was_altered(go: Path, house: House) -> None:
    leaf = leaf_hash(house.bodies[5])
    assert run(go, house, 6, leaf).returncode == 1, "another place"
    assert run(go, house, 5, sha256(b"x").digest()).returncode == 1, "another entry"
    assert run(go, house, 5, leaf, str(OLD), bytes(32).hex()).returncode == 1, "another history"
    note = house.log.path / "checkpoint"
    kept = note.read_text()
    note.write_text(kept.replace(str(SIZE), str(SIZE - 1)))
    assert run(go, house, 5, leaf).returncode == 1, "another size"
    note.write_text(kept)
    for tile in ("tile/0/000", "tile/0/001", "tile/0/002.p/128", "tile/1/000.p/2"):
        file = house.log.path / tile
        data = file.read_bytes()
        file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        assert run(go, house, 5, leaf).returncode == 1, tile
        file.write_bytes(data)
    assert run(go, house, 5, leaf).returncode == 0


def test_pymerkle_gives_the_same_roots_and_paths(house: House) -> None:
    reference = pymerkle.InmemoryTree(algorithm="sha256")
    for body in house.bodies:
        reference.append_entry(body)
    assert reference.get_root() == house.root
    assert reference.get_root(OLD) == house.old_root == TileTree(house.log, SIZE).root(OLD)
    tree = TileTree(house.log, SIZE)
    assert tree.root() == house.root
    assert [tree.leaf(index) for index in range(SIZE)] == [leaf_hash(body) for body in house.bodies]
    for index in (0, 1, 255, 256, 511, 512, 600, SIZE - 1):
        other = reference.prove_inclusion(index + 1)
        # pymerkle's path begins with the leaf itself.
        assert tree.inclusion(index) == list(other.path[1:])
