"""The journal in a real PostgreSQL: nothing is lost, nothing forks, and every alteration is found where it is."""

import shutil
from collections.abc import Callable

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.sql import SQL, Identifier

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tests.trees import verify_inclusion
from tierce.journal.encoding import decode
from tierce.journal.errors import (
    EntryFieldError,
    EntryMissingError,
    ForkError,
    InstanceReplacedError,
    LogFolderError,
    NotSequencedError,
    SequencerBusyError,
)
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import checkpoint_note, read_checkpoint, verifier_key
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender, prove
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report, Severity
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.ids import EntrySeq, PersonId
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

ORIGIN = "tierce.test/journal"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WORKER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG_LINE = verifier_key(ORIGIN, LOG_KEY.public_key())


def lines(count: int, person: int = 0) -> list[Entry]:
    return [
        Entry(
            kind=EntryKind.UPKEEP,
            act=Act.STAFF_LIVE,
            outcome=Outcome.DONE,
            time_us=1_700_000_000_000_000 + place,
            professional=77,
            person=PersonId(person),
        )
        for place in range(count)
    ]


@pytest.fixture
def worker(connect: Connect) -> psycopg.Connection:
    return connect("tierce_worker")


@pytest.fixture
def appender(worker: psycopg.Connection) -> Appender:
    return Appender.enrol(worker, "worker", WORKER_KEY)


@pytest.fixture
def log(database: Database) -> LogFolder:
    return log_of(database)


@pytest.fixture
def sequencer(connect: Connect, log: LogFolder) -> Sequencer:
    return Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log)


@pytest.fixture
def check(database: Database, log: LogFolder) -> Callable[..., Report]:
    def read_and_verify(*kept: str) -> Report:
        return verify(Journal(database.dsn("tierce_office"), log.path), LOG_LINE, kept)

    return read_and_verify


def notes(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("select note from journal.checkpoint order by size").fetchall()
    connection.rollback()
    return [row[0] for row in rows]


def test_a_line_is_appended_sequenced_and_proved(
    worker: psycopg.Connection,
    appender: Appender,
    sequencer: Sequencer,
    log: LogFolder,
    check: Callable[..., Report],
) -> None:
    numbers = appender.append(worker, lines(3, person=5))
    with pytest.raises(NotSequencedError):
        prove(worker, log, numbers[1])
    worker.rollback()

    assert sequencer.step() == 3
    assert sequencer.step() == 0

    proof = prove(worker, log, numbers[1])
    assert decode(bytes.fromhex(proof.entry)).person == 5
    signed = read_checkpoint(proof.checkpoint, ORIGIN, LOG_KEY.public_key())
    assert (signed.size, proof.size, proof.index) == (3, 3, 1)
    path = [bytes.fromhex(node) for node in proof.path]
    assert verify_inclusion(leaf_hash(bytes.fromhex(proof.entry)), 1, 3, path, signed.root)
    proved = check_proof(proof.to_json(), LOG_LINE)
    assert (proved.seq, proved.index, proved.size, proved.kind) == (numbers[1], 1, 3, EntryKind.UPKEEP)
    with pytest.raises(EntryMissingError):
        prove(worker, log, EntrySeq(numbers[-1] + 1))

    report = check()
    assert report.intact, report.findings
    assert (report.entries, report.leaves, report.waiting, report.root) == (3, 3, 0, signed.root.hex())


def test_enrolling_again_finds_the_same_instance_and_another_key_is_refused(
    worker: psycopg.Connection, appender: Appender, connect: Connect
) -> None:
    again = Appender.enrol(worker, "worker", WORKER_KEY)
    assert again.append(worker, lines(1))[0] > appender.append(connect("tierce_worker"), lines(1))[0] - 512
    # A second machine, or one with older keys, has one that was replaced: which, and the way on, are said.
    with pytest.raises(InstanceReplacedError, match=r"instance-worker\.key de cette machine"):
        Appender.enrol(connect("tierce_worker"), "worker", LOG_KEY)
    with pytest.raises(InstanceReplacedError):
        Appender.enrol(connect("tierce_office"), "worker", WORKER_KEY)


@pytest.mark.parametrize("count", [0, 65])
def test_a_batch_of_another_length_is_refused(worker: psycopg.Connection, appender: Appender, count: int) -> None:
    with pytest.raises(EntryFieldError, match="1 to 64"):
        appender.append(worker, lines(count))


def test_an_ask_cannot_be_appended_beside_the_gate(worker: psycopg.Connection, appender: Appender) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the gate alone"):
        appender.append(worker, [Entry(kind=EntryKind.DISCLOSURE, time_us=1)])


def test_transactions_open_across_checkpoints_lose_nothing(
    worker: psycopg.Connection,
    appender: Appender,
    sequencer: Sequencer,
    connect: Connect,
    check: Callable[..., Report],
) -> None:
    """Numbers are drawn in one order and committed in another, around two checkpoints."""
    early, late = connect("tierce_worker"), connect("tierce_worker")
    early_numbers = appender.write(early, lines(2))
    between = appender.append(worker, lines(2))
    # What is committed does not wait for whoever is not, and whoever is not is not forgotten.
    assert sequencer.step() == 2
    late_numbers = appender.write(late, lines(2))
    after = appender.append(worker, lines(2))
    assert sequencer.step() == 2
    early.commit()
    assert sequencer.step() == 2
    assert sequencer.step() == 0
    late.commit()
    assert sequencer.step() == 2
    assert early_numbers < between < late_numbers < after
    report = check()
    assert report.intact, report.findings
    assert (report.entries, report.leaves, report.checkpoints, report.waiting) == (8, 8, 4, 0)


def test_a_block_drawn_early_and_written_late_is_taken(
    worker: psycopg.Connection,
    appender: Appender,
    sequencer: Sequencer,
    connect: Connect,
    check: Callable[..., Report],
) -> None:
    """The block was drawn in a transaction that ended: no horizon covers it, only the memory of what was passed."""
    slow = connect("tierce_worker", autocommit=True)
    block = slow.execute("select journal.next_block()").fetchone()
    assert block is not None
    appender.append(worker, lines(1))
    assert sequencer.step() == 1
    gap = [one for one in check().findings if one.code == "block-abandoned"]
    assert [(one.severity, one.block) for one in gap] == [(Severity.GAP, block[0])]
    bodies = [b"\x01\x11" + bytes(126)]
    slow.execute(
        "select journal.append(%s::smallint, %s::bigint, %s::bytea[], %s)",
        (appender.instance, block[0], bodies, appender._sign(block[0], bodies)),
    )
    assert sequencer.step() == 1
    assert check().findings == []


def test_an_abandoned_batch_leaves_a_gap_that_is_seen_and_is_no_error(
    worker: psycopg.Connection, appender: Appender, sequencer: Sequencer, check: Callable[..., Report]
) -> None:
    appender.append(worker, lines(1))
    appender.write(worker, lines(1))
    worker.rollback()
    appender.append(worker, lines(1))
    sequencer.step()
    report = check()
    assert report.intact
    assert [one.code for one in report.findings] == ["block-abandoned"]


def test_only_one_sequencer_runs(sequencer: Sequencer, connect: Connect, log: LogFolder) -> None:
    assert sequencer.step() == 0
    with pytest.raises(SequencerBusyError):
        Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log)


def kill(connect: Connect, victim: int) -> None:
    connect(SUPERUSER, autocommit=True).execute("select pg_terminate_backend(%s, 5000)", (victim,))


def test_a_sequencer_killed_between_steps_is_continued_without_a_fork(
    worker: psycopg.Connection, appender: Appender, connect: Connect, log: LogFolder, check: Callable[..., Report]
) -> None:
    published: list[str] = []
    for waiting in (0, 2, 2):
        own = connect("tierce_worker")
        sequencer = Sequencer(own, ORIGIN, LOG_KEY, log)
        appender.append(worker, lines(5))
        assert sequencer.step() == waiting + 5
        appender.append(worker, lines(2))
        kill(connect, own.info.backend_pid)
        with pytest.raises(psycopg.OperationalError):
            sequencer.step()
        published.append(notes(worker)[-1])
    assert Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log).step() == 2
    report = check(*published)
    assert report.intact, report.findings
    assert (report.entries, report.leaves, report.waiting) == (21, 21, 0)


def test_a_sequencer_killed_before_its_commit_leaves_nothing_behind(
    worker: psycopg.Connection, appender: Appender, connect: Connect, log: LogFolder, check: Callable[..., Report]
) -> None:
    """A lock on the checkpoints holds the step between its leaves and its commit, where it is then killed."""
    appender.append(worker, lines(3))
    own = connect("tierce_worker")
    sequencer = Sequencer(own, ORIGIN, LOG_KEY, log)
    own.execute("set lock_timeout = '300ms'")
    own.commit()
    holder = connect(SUPERUSER)
    holder.execute("lock table journal.checkpoint in exclusive mode")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        sequencer.step()
    assert worker.execute("select count(*) from journal.placed").fetchone() == (0,)
    worker.rollback()
    holder.rollback()
    # The same sequencer forgot what it believed, reads the database again and goes on.
    assert sequencer.step() == 3
    assert check().intact


def edit_tile(log: LogFolder, size: int, index: int, leaf: bytes) -> None:
    """Put another hash in the partial tile of leaves of a small log."""
    file = log.path / f"tile/0/000.p/{size}"
    data = bytearray(file.read_bytes())
    data[index * 32 : index * 32 + 32] = leaf
    file.write_bytes(bytes(data))


def free(connect: Connect) -> None:
    """Take the sequencer's lock away from whoever holds it, as the end of its process would."""
    connect(SUPERUSER, autocommit=True).execute(
        "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'"
    )


def test_a_log_whose_tiles_or_places_were_changed_is_not_continued(
    worker: psycopg.Connection, appender: Appender, connect: Connect, log: LogFolder
) -> None:
    appender.append(worker, lines(3))
    Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log).step()
    was = log.tile(0, 0, 3)
    assert was is not None
    edit_tile(log, 3, 1, bytes(32))
    free(connect)
    with pytest.raises(ForkError, match="root published for 3 leaves"):
        Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log)
    edit_tile(log, 3, 1, was[32:64])
    connect(SUPERUSER, autocommit=True).execute("update journal.placed set n = 2")
    free(connect)
    with pytest.raises(ForkError, match="2 leaves are stored but the last checkpoint signs 3"):
        Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log)


def test_tiles_that_were_lost_are_made_again_from_the_entries(
    full: list[EntrySeq], connect: Connect, log: LogFolder, check: Callable[..., Report]
) -> None:
    before = {file: file.read_bytes() for file in log.path.rglob("*") if file.is_file() and ".p/6" not in str(file)}
    shutil.rmtree(log.path)
    free(connect)
    with pytest.raises(LogFolderError):
        Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log)
    free(connect)
    log.path.mkdir()
    assert Sequencer(connect("tierce_worker"), ORIGIN, LOG_KEY, log).step() == 0
    assert {file: file.read_bytes() for file in log.path.rglob("*") if file.is_file()} == before
    assert check().intact
    assert len(full) == 12


@pytest.fixture
def full(worker: psycopg.Connection, appender: Appender, sequencer: Sequencer) -> list[EntrySeq]:
    """Twelve entries in four batches under two checkpoints."""
    numbers: list[EntrySeq] = []
    for turn in range(4):
        numbers += appender.append(worker, lines(3, person=100 + turn))
        if turn % 2:
            sequencer.step()
    return numbers


def errors(report: Report) -> set[tuple[str, int | None, int | None]]:
    return {(one.code, one.seq, one.index) for one in report.findings if one.severity is Severity.ERROR}


def test_one_changed_byte_is_found_at_its_entry(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    assert check().intact
    thief = connect(SUPERUSER, autocommit=True)
    thief.execute("update journal.entry set body = set_byte(body, 15, 9) where seq = %s", (full[4],))
    report = check()
    assert errors(report) == {("entry-altered", full[4], 4), ("batch-signature", None, 3)}
    assert {one.block for one in report.findings if one.code == "batch-signature"} == {full[4] // 256}


def test_a_changed_column_is_found_at_its_entry(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    """The person column answers "who asked about me": it must repeat the signed bytes."""
    connect(SUPERUSER, autocommit=True).execute("update journal.entry set person = 0 where seq = %s", (full[7],))
    assert errors(check()) == {("columns-differ", full[7], None)}


def test_a_removed_entry_is_found_at_its_place(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    connect(SUPERUSER, autocommit=True).execute("delete from journal.entry where seq = %s", (full[8],))
    assert ("entry-removed", full[8], 8) in errors(check())


def test_a_whole_batch_removed_with_its_leaves_is_found_at_its_place(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    thief = connect(SUPERUSER, autocommit=True)
    for table, where in (("entry", "seq / 256"), ("placed", "block"), ("batch", "block")):
        statement = SQL("delete from journal.{} where {} = %s").format(Identifier(table), SQL(where))
        thief.execute(statement, (full[3] // 256,))
    found = errors(check())
    assert ("leaf-missing", None, 3) in found


def test_two_entries_swapped_are_found_at_both(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    one, other = full[1], full[10]
    connect(SUPERUSER, autocommit=True).execute(
        "update journal.entry e set body = o.body, person = o.person from journal.entry o"
        " where e.seq = any(%(both)s) and o.seq = any(%(both)s) and e.seq <> o.seq",
        {"both": [one, other]},
    )
    report = check()
    assert {("entry-altered", one, 1), ("entry-altered", other, 10)} <= errors(report)


def test_two_blocks_swapped_are_found_where_the_order_breaks(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    thief = connect(SUPERUSER, autocommit=True)
    for old, new in ((0, -1), (3, 0), (-1, 3)):
        thief.execute("update journal.placed set first_idx = %s where first_idx = %s", (new, old))
    found = errors(check())
    assert ("entry-altered", full[3], 0) in found
    assert ("leaf-moved", full[0], 3) in found


def test_an_entry_and_its_tile_changed_together_are_found_by_root_and_signature(
    full: list[EntrySeq], connect: Connect, log: LogFolder, check: Callable[..., Report]
) -> None:
    thief = connect(SUPERUSER, autocommit=True)
    row = thief.execute(
        "update journal.entry set body = set_byte(body, 15, 9) where seq = %s returning body", (full[9],)
    ).fetchone()
    assert row is not None
    edit_tile(log, 12, 9, leaf_hash(row[0]))
    assert errors(check()) == {("root-differs", None, 6), ("batch-signature", None, 9)}


def test_an_entry_added_to_a_batch_is_found(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    connect(SUPERUSER, autocommit=True).execute(
        "insert into journal.entry (seq, kind, professional, person, body)"
        " select seq + 1, kind, professional, person, body from journal.entry where seq = %s",
        (full[-1],),
    )
    assert errors(check()) == {("entry-added", full[-1] + 1, None)}


def test_a_log_cut_back_to_a_backup_contradicts_a_checkpoint_kept_elsewhere(
    full: list[EntrySeq],
    worker: psycopg.Connection,
    connect: Connect,
    log: LogFolder,
    check: Callable[..., Report],
) -> None:
    earlier, kept = notes(worker)
    thief = connect(SUPERUSER, autocommit=True)
    first = full[6] // 256
    thief.execute("delete from journal.checkpoint where size > 6")
    thief.execute("delete from journal.placed where first_idx >= 6")
    thief.execute("delete from journal.entry where seq / 256 >= %s", (first,))
    thief.execute("delete from journal.batch where block >= %s", (first,))
    assert errors(check()) == {("log-cut", None, 6)}, "the published checkpoint is ahead of the database"
    (log.path / "checkpoint").write_text(earlier)
    assert check().intact, "nothing inside tells a database and tiles restored together from a young log"
    assert errors(check(kept)) == {("log-cut", None, 6)}


def test_a_checkpoint_signed_by_another_key_is_found(
    full: list[EntrySeq], connect: Connect, check: Callable[..., Report]
) -> None:
    assert len(full) == 12
    forged = checkpoint_note(ORIGIN, 12, bytes(32), WORKER_KEY)
    connect(SUPERUSER, autocommit=True).execute("update journal.checkpoint set note = %s where size = 12", (forged,))
    assert {("checkpoint-signature", None, 12), ("leaf-unsigned", None, 6)} == errors(check())


@pytest.mark.parametrize("role", ["tierce_api", "tierce_office", "tierce_persons", "tierce_worker", "tierce_feed"])
@pytest.mark.parametrize("table", ["instance", "batch", "entry", "placed", "checkpoint"])
def test_no_role_can_change_or_remove_what_is_written(connect: Connect, role: str, table: str) -> None:
    connection = connect(role, autocommit=True)
    for statement in (SQL("delete from journal.{}"), SQL("truncate journal.{}")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(Identifier(table)))
    column = {"instance": "name", "batch": "n", "entry": "kind", "placed": "n", "checkpoint": "note"}[table]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(SQL("update journal.{} set {} = null").format(Identifier(table), Identifier(column)))
