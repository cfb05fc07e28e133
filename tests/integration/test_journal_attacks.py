"""What somebody with the whole server may do to the log, each named for itself: detected, and located.

`docs/runbooks/journal-does-not-verify.md` has a section for each code that a finding has.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.integration.test_journal_log import LOG_KEY, LOG_LINE, ORIGIN, WORKER_KEY, lines
from tierce.journal.errors import ForkError, TileDiffersError
from tierce.journal.merkle import leaf_hash
from tierce.journal.note import checkpoint_note
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.tiles.edge import Edge
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import STRETCH_LEAVES, Journal, verify
from tierce.journal.verifier.model import Report, Severity
from tierce.kernel.ids import EntrySeq
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

RUNBOOK = Path(__file__).parents[2] / "docs/runbooks/journal-does-not-verify.md"
SIZE, EARLIER = 640, 320


class House:
    """A log of ten batches of 64 under two checkpoints, and a thief at home in it."""

    def __init__(self, database: Database, connect: Connect) -> None:
        self.log = log_of(database)
        self._dsn, self._connect = database.dsn("tierce_office"), connect
        self.thief = connect(SUPERUSER, autocommit=True)
        worker = connect("tierce_worker")
        appender = Appender.enrol(worker, "worker", WORKER_KEY)
        own = connect("tierce_worker")
        sequencer = Sequencer(own, ORIGIN, LOG_KEY, self.log)
        self.numbers: list[EntrySeq] = []
        for turn in range(10):
            self.numbers += appender.append(worker, lines(64))
            if turn in (4, 9):
                assert sequencer.step() == EARLIER
            if turn == 4:
                self.backup = {file: file.read_bytes() for file in self.log.path.rglob("*") if file.is_file()}
        own.close()
        self.kept = self.log.checkpoint() or ""
        self.earlier = self.backup[self.log.path / "checkpoint"].decode()

    def check(
        self, *kept: str, processes: int = 1, stretch_leaves: int = STRETCH_LEAVES
    ) -> set[tuple[str, int | None, int | None]]:
        """What the independent reader finds: code, entry, leaf. Every code has its section in the runbook."""
        report = verify(
            Journal(self._dsn, self.log.path), LOG_LINE, kept, processes=processes, stretch_leaves=stretch_leaves
        )
        found = [one for one in report.findings if one.severity is Severity.ERROR]
        named = set(re.findall(r"`([a-z-]+)`", RUNBOOK.read_text("utf-8")))
        assert {one.code for one in report.findings} <= named
        return {(one.code, one.seq, one.index) for one in found}

    def report(self) -> Report:
        return verify(Journal(self._dsn, self.log.path), LOG_LINE, [self.kept])

    def begin(self) -> Sequencer:
        """A worker that starts."""
        return Sequencer(self._connect("tierce_worker"), ORIGIN, LOG_KEY, self.log)

    def alter(self, seq: EntrySeq) -> None:
        """Change one byte of an entry."""
        self.thief.execute("update journal.entry set body = set_byte(body, 100, 9) where seq = %s", (seq,))

    def edit(self, path: str, at: int) -> None:
        """Change one byte of a tile."""
        file = self.log.path / path
        data = bytearray(file.read_bytes())
        data[at] ^= 1
        file.write_bytes(bytes(data))


@pytest.fixture
def house(database: Database, connect: Connect) -> House:
    made = House(database, connect)
    assert made.report().intact
    return made


def test_change_an_entry(house: House) -> None:
    changed = house.numbers[400]
    house.alter(changed)
    assert house.check() == {("entry-altered", changed, 400), ("batch-signature", None, 384)}


def test_change_where_one_entry_ends(house: House) -> None:
    """Joined, the two have the bytes that were signed."""
    one, other = house.numbers[400:402]
    thief = house.thief
    thief.execute("alter table journal.entry drop constraint entry_body_check")
    thief.execute(
        "update journal.entry set body = case seq when %(other)s then"
        " (select substr(body, 128) from journal.entry where seq = %(one)s) || body else substr(body, 1, 127) end"
        " where seq in (%(one)s, %(other)s)",
        {"one": one, "other": other},
    )
    found = house.check()
    assert {("entry-altered", one, 400), ("entry-unreadable", one, None)} <= found
    assert {("entry-unreadable", other, None), ("batch-signature", None, 384)} <= found


def test_remove_an_entry(house: House) -> None:
    house.thief.execute("delete from journal.entry where seq = %s", (house.numbers[400],))
    assert house.check() == {("entry-removed", house.numbers[400], 400)}


def test_reorder_entries_of_a_batch(house: House) -> None:
    one, other = house.numbers[401], house.numbers[407]
    house.thief.execute(
        "update journal.entry e set body = o.body from journal.entry o"
        " where e.seq = any(%(both)s) and o.seq = any(%(both)s) and e.seq <> o.seq",
        {"both": [one, other]},
    )
    assert house.check() == {
        ("entry-altered", one, 401),
        ("entry-altered", other, 407),
        ("batch-signature", None, 384),
    }


def test_reorder_blocks(house: House) -> None:
    for old, new in ((320, -1), (448, 320), (-1, 448)):
        house.thief.execute("update journal.placed set first_idx = %s where first_idx = %s", (new, old))
    found = house.check()
    assert ("leaf-moved", house.numbers[320], 448) in found
    assert {one for one in found if one[0] == "entry-altered"} == {
        ("entry-altered", house.numbers[448], 320),
        ("entry-altered", house.numbers[320], 448),
    }


def cut_back(house: House, *, note: bool = True) -> None:
    """Take everything after the first checkpoint out of the database."""
    first = house.numbers[EARLIER] // 256
    for statement in (
        "delete from journal.placed where block >= %s",
        "delete from journal.entry where seq >= %s * 256",
        "delete from journal.batch where block >= %s",
    ):
        house.thief.execute(statement.encode(), (first,))
    if note:
        house.thief.execute("delete from journal.checkpoint where size > %s", (EARLIER,))


def test_truncate(house: House) -> None:
    """The rows at the end are gone, the checkpoint over them is not."""
    cut_back(house, note=False)
    assert house.check() == {("log-cut", None, EARLIER)}


def test_roll_back(house: House) -> None:
    """Rows and checkpoint are gone; the folder outside still publishes the later one, and nothing is sequenced."""
    cut_back(house)
    assert house.check() == {("log-cut", None, EARLIER)}
    with pytest.raises(ForkError, match="an older backup was restored"):
        house.begin()


def test_restore_an_old_backup(house: House) -> None:
    """Database and folder are brought back together: only what somebody else kept tells."""
    cut_back(house)
    shutil.rmtree(house.log.path)
    for file, data in house.backup.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    assert house.check() == set()
    assert house.check(house.kept) == {("log-cut", None, EARLIER)}


def test_fork(house: House, connect: Connect) -> None:
    """History is written again, signed by the log's own key: what others kept contradicts it."""
    test_restore_an_old_backup(house)
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", WORKER_KEY)
    for _ in range(5):
        appender.append(worker, lines(64))
    assert house.begin().step() == EARLIER
    assert house.check() == set()
    assert house.check(house.kept, house.earlier) == {("root-differs", None, EARLIER)}


def test_swap_a_stretch(house: House) -> None:
    """Whole tiles of leaves take each other's place, on disk."""
    one, other = house.log.path / "tile/0/000", house.log.path / "tile/0/001"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert house.check() == {("tile-altered", None, 0)}


@pytest.mark.parametrize(
    ("path", "leaf"), [("tile/0/000", 3), ("tile/0/002.p/128", 515), ("tile/1/000.p/2", 256)], ids=str
)
def test_edit_a_tile(house: House, path: str, leaf: int) -> None:
    house.edit(path, (leaf % 256 if path.startswith("tile/0") else leaf // 256) * 32)
    assert house.check() == {("tile-altered", None, leaf)}


def test_remove_a_tile(house: House) -> None:
    (house.log.path / "tile/0/001").unlink()
    assert house.check() == {("tile-missing", None, 256)}


def test_a_full_tile_is_never_written_over(house: House) -> None:
    house.edit("tile/0/000", 5)
    (house.log.path / "checkpoint").unlink()
    with pytest.raises(TileDiffersError, match="tile/0/000"):
        house.begin()


def test_change_an_entry_its_tiles_and_the_checkpoint_row(house: House) -> None:
    """All that can be changed without the log's key: the signed note is what is left."""
    changed = house.numbers[2]
    row = house.thief.execute(
        "update journal.entry set body = set_byte(body, 100, 9) where seq = %s returning body", (changed,)
    ).fetchone()
    assert row is not None
    bodies = house.thief.execute("select body from journal.entry order by seq").fetchall()
    edge = Edge()
    house.log.path.joinpath("tile/0/000").unlink()
    for number in ("000.p", "001.p", "002.p"):
        shutil.rmtree(house.log.path / "tile/0" / number, ignore_errors=True)
    shutil.rmtree(house.log.path / "tile/0")
    LogFolder(house.log.path).put([*edge.append(b"".join(leaf_hash(one[0]) for one in bodies)), *edge.partial()])
    house.thief.execute("update journal.checkpoint set root = %s where size = %s", (edge.root(), SIZE))
    found = house.check()
    assert ("root-differs", None, 0) in found
    assert ("checkpoint-row", None, SIZE) in found
    assert ("batch-signature", None, 0) in found


def test_sign_with_another_key(house: House) -> None:
    forged = checkpoint_note(ORIGIN, SIZE, bytes(32), WORKER_KEY)
    house.thief.execute("update journal.checkpoint set note = %s where size = %s", (forged, SIZE))
    assert house.check() == {("checkpoint-signature", None, SIZE), ("leaf-unsigned", None, EARLIER)}


def test_several_processes_find_what_one_finds(house: House) -> None:
    house.thief.execute(
        "update journal.entry set body = set_byte(body, 100, 9) where seq = %s", (house.numbers[255],)
    )
    house.thief.execute("delete from journal.entry where seq = %s", (house.numbers[600],))
    assert (
        house.check(processes=2, stretch_leaves=256)
        == house.check()
        == {
            ("entry-altered", house.numbers[255], 255),
            ("batch-signature", None, 192),
            ("entry-removed", house.numbers[600], 600),
        }
    )


def test_a_journal_read_without_its_folder_is_held_to_its_checkpoints(
    house: House, database: Database, check_entries: Callable[[], Report]
) -> None:
    assert check_entries().intact
    house.thief.execute(
        "update journal.entry set body = set_byte(body, 100, 9) where seq = %s", (house.numbers[400],)
    )
    found = {(one.code, one.index) for one in check_entries().findings}
    assert found == {("batch-signature", 384), ("root-differs", EARLIER)}


@pytest.fixture
def check_entries(database: Database) -> Callable[[], Report]:
    return lambda: verify(Journal(database.dsn("tierce_office"), None), LOG_LINE)
