"""Sealing in a real PostgreSQL: nothing lost or twice, killed at any step; dropped, redacted, ended only when due."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.sealing import ALICE, BRUNO, UPKEEP_KEY, Sealing, lines, make_sealing
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.segments import store
from tierce.journal.segments.errors import RedactionRefusedError, SealerBusyError, SegmentAlteredError
from tierce.journal.segments.files import read_manifest
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import StaffId
from tierce.policy.acts import Act
from tierce.policy.segments import RedactionReason
from tierce.scope.store import staff
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

STEPS = ["sorted", "written", "named", "checked", "entered"]


@pytest.fixture
def sealing(database: Database, connect: Connect, tmp_path: Path) -> Sealing:
    return make_sealing(database, connect, tmp_path)


def history(connection: psycopg.Connection, sealed: SealedLog, person: int) -> list[tuple[int, bytes]]:
    """A person's entries over the whole log: the hot ones first, then the sealed ones, each number once."""
    hot = connection.execute("select seq, body from journal.entry where person = %s", (person,)).fetchall()
    both = dict(hot) | {one.seq: one.body for one in sealed.of_person(connection, person)}
    connection.rollback()
    return sorted(both.items())


def hot_rows(connection: psycopg.Connection) -> int:
    row = connection.execute("select count(*) from journal.entry").fetchone()
    connection.rollback()
    assert row is not None
    return int(row[0])


def test_what_is_sealed_and_dropped_is_read_as_before(sealing: Sealing) -> None:
    sealer, reader, sealed = sealing.job(), sealing.connect("tierce_office"), SealedLog(sealing.folder)
    before = history(reader, sealed, 5)
    assert len(before) == 5
    assert sealer.seal() is None  # thirty lines of today neither fill a segment nor are old
    done = sealer.run(now=True)
    assert (done.sealed, done.entries, done.dropped) == (1, 30, 0)
    assert history(reader, sealed, 5) == before
    sealing.age()
    assert sealer.run().dropped == 30
    assert hot_rows(reader) == 0
    assert history(reader, sealed, 5) == before
    assert {one.seq: one.body for pro in (70, 71, 72) for one in sealed.of_professional(reader, pro)} == sealing.full
    some = next(iter(sealing.full))
    found = sealed.of_seq(reader, some)
    assert found is not None
    assert (found.seq, found.body) == (some, sealing.full[some])
    assert sealed.of_seq(reader, some + 200) is None
    assert [one.end for one in read_manifest(sealing.folder)] == [30]
    assert sealer.run(now=True).sealed == 0


def test_staff_whose_lines_are_sealed_alone_can_still_be_named(sealing: Sealing) -> None:
    office = sealing.connect("tierce_office")
    read = replace(lines(1)[0], kind=EntryKind.STAFF_ACT, act=Act.STAFF_PERSON_SHOW, professional=900)
    Appender.enrol(office, "office", UPKEEP_KEY).append(office, [read])
    sealing.sequencer.step()
    sealer, named = sealing.job(), ["900", "70", "901"]  # 70 is of lines that no member of staff wrote
    assert staff(office, named, SealedLog(sealing.folder)) == {"900": StaffId(900)}
    office.rollback()
    sealer.run(now=True)
    sealing.age()
    assert sealer.run().dropped == 31
    assert staff(office, named, SealedLog(sealing.folder)) == {"900": StaffId(900)}


def test_nothing_is_dropped_before_its_day_nor_what_is_not_sealed(sealing: Sealing) -> None:
    def refused(statement: str) -> None:
        with pytest.raises(psycopg.errors.CheckViolation):
            sealing.worker.execute(statement.encode())
        sealing.worker.rollback()

    refused("select journal.drop_hot(0, 100)")
    sealer = sealing.job()
    assert sealer.run(now=True).dropped == 0
    refused("select journal.drop_hot(0, 100)")  # sealed today
    refused(f"select journal.drop_redacted({next(iter(sealing.full))})")
    refused("select journal.end_segment(0, 1)")
    sealing.age()
    for statement in ("delete from journal.entry", "update journal.segment set redacted = 1"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sealing.worker.execute(statement.encode())
        sealing.worker.rollback()
    assert hot_rows(sealing.worker) == len(sealing.full)


def test_a_file_that_was_touched_keeps_the_hot_rows(sealing: Sealing) -> None:
    sealer = sealing.job()
    sealer.run(now=True)
    sealing.age()
    file = next((sealing.folder).glob("*.entries.parquet"))
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 3] ^= 1
    file.write_bytes(raw)
    with pytest.raises(SegmentAlteredError):
        sealer.run()
    assert hot_rows(sealing.worker) == len(sealing.full)


def test_only_one_job_works(sealing: Sealing) -> None:
    first = sealing.job()
    with pytest.raises(SealerBusyError):
        sealing.job()
    del first


def test_a_history_is_whole_at_every_step_of_sealing_and_dropping(sealing: Sealing) -> None:
    reader, sealed = sealing.connect("tierce_office"), SealedLog(sealing.folder)
    before = history(reader, sealed, 5)
    seen: list[str] = []

    def look(step: str) -> None:
        seen.append(step)
        assert history(reader, sealed, 5) == before

    sealer = sealing.job(look)
    sealer.run(now=True)
    sealing.age()
    sealer.run()
    assert seen == [*STEPS, "checked", "dropped", "dropped"]
    assert hot_rows(reader) == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tierce.journal.segments.sealing import Sealer
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock
from tierce.storage.database import Database
host, port, name, secrets, folder, log, step = sys.argv[1:]
connection = Database(host, int(port), name, Path(secrets)).connect("tierce_worker")
appender = Appender.enrol(connection, "worker", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
def reached(now):
    if now == step:
        os.kill(os.getpid(), signal.SIGKILL)
job = Sealer(connection, Path(folder), LogFolder(Path(log)), appender, SystemClock(), bytes(16), reached=reached)
job.run(now=True)
"""


def test_a_job_killed_at_any_step_is_done_again_without_loss_or_double(sealing: Sealing) -> None:
    folder, base = sealing.folder, sealing.database
    reader = sealing.connect("tierce_office")

    def killed_at(step: str) -> None:
        where = (base.host, str(base.port), base.name, str(base.secrets), str(folder), str(sealing.log.path))
        ended = subprocess.run([sys.executable, "-c", KILLED, *where, step], check=False, capture_output=True)
        assert ended.returncode == -9, ended.stderr.decode()

    for step in STEPS:
        killed_at(step)
        assert len(history(reader, SealedLog(folder), 5)) == 5
        assert hot_rows(reader) == 30
    sealing.age()
    killed_at("dropped")
    sealed = SealedLog(folder)
    assert len(history(reader, sealed, 5)) == 5
    sealing.job().run(now=True)
    assert hot_rows(reader) == 0
    assert {one.seq: one.body for pro in (70, 71, 72) for one in sealed.of_professional(reader, pro)} == sealing.full
    assert len(list(folder.iterdir())) == 4  # three files and the list beside them


def test_two_people_redact_an_entry_and_its_leaf_stays(sealing: Sealing) -> None:
    folder, reader = sealing.folder, sealing.connect("tierce_office")
    sealer, sealed = sealing.job(), SealedLog(folder)
    sealer.run(now=True)
    seq = next(seq for seq, body in sealing.full.items() if decode(body).person == 6)
    assert sealing.ask(seq, ALICE, RedactionReason.ERASURE) == 1
    assert sealer.run().redacted == 0  # one person is not enough
    with pytest.raises(RedactionRefusedError):
        sealing.ask(seq, ALICE, RedactionReason.ERASURE)
    assert sealing.ask(seq, BRUNO, RedactionReason.DECISION) == 1  # nor two who say different things
    assert sealer.run().redacted == 0
    assert sealing.ask(seq, ALICE + BRUNO, RedactionReason.ERASURE) == 0
    files = {one.name for one in folder.iterdir()}
    assert sealer.run().redacted == 1
    assert sealer.run().redacted == 0
    assert len(history(reader, sealed, 6)) == 3
    assert reader.execute("select count(*) from journal.entry where seq = %s", (seq,)).fetchone() == (0,)
    found = sealed.of_seq(reader, seq)
    assert found is not None
    assert found.redacted is not None
    entry = decode(found.body)
    assert (entry.person, entry.salt, entry.professional) == (0, bytes(8), decode(sealing.full[seq]).professional)
    assert not files & {one.name for one in folder.iterdir()} - {"manifest.json"}  # the earlier files are gone
    everywhere = b"".join(one.read_bytes() for one in folder.iterdir())
    assert decode(sealing.full[seq]).salt not in everywhere
    written = [
        decode(bytes(row[0])) for row in reader.execute("select body from journal.entry where kind = 12 order by seq")
    ]
    assert [(one.reference, one.professional, int(one.activity)) for one in written] == [
        (seq, ALICE, RedactionReason.ERASURE),
        (seq, BRUNO, RedactionReason.DECISION),
        (seq, ALICE + BRUNO, RedactionReason.ERASURE),
    ]


def test_what_may_not_be_redacted_is_refused(sealing: Sealing) -> None:
    nobody = next(seq for seq, body in sealing.full.items() if decode(body).person == 0)
    young = sealing.append(lines(1, person=5, at_us=micros(SystemClock().now() - timedelta(days=364))))[0]
    for seq in (nobody, young, 10**12):
        with pytest.raises(RedactionRefusedError):
            sealing.ask(seq, ALICE, RedactionReason.ERASURE)
    assert sealing.ask(young, ALICE, RedactionReason.WRONG_PERSON) == 1


def test_a_manifest_that_lies_about_its_times_takes_nothing_away(sealing: Sealing) -> None:
    """The worker's own role says that a stretch of today is years old, waits for a day, and asks for it to go."""
    worker, digest = sealing.worker, bytes(32)
    root = worker.execute("select root from journal.checkpoint where size = 30").fetchone()
    assert root is not None
    worker.execute(
        "select journal.add_segment(row(0, 0, 30, 5, 1, 5, 0, 0, 0, %s, %s, %s, %s, %s, now())::journal.segment)",
        (digest, root[0], digest, digest, digest),
    )
    worker.commit()
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("update journal.segment set at = at - interval '2 days'")
    assert store.hot_due(worker, 0) == [0], "what the database took a moment ago is there"
    assert store.hot_due(worker, 1) == []
    assert store.drop_hot(worker, 0, 10**9) == 0
    assert store.due_segments(worker) == []
    with pytest.raises(psycopg.errors.CheckViolation):
        store.end_segment(worker, 0, 1)
    worker.rollback()
    assert hot_rows(sealing.connect("tierce_office")) == 30


def test_a_segment_ends_when_its_time_is_over_and_no_incident_holds_it(sealing: Sealing) -> None:
    sealer, reader, folder = sealing.job(), sealing.connect("tierce_office"), sealing.folder
    sealer.run(now=True)
    sealing.older(550)  # three years and a half ago
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        assert store.due_segments(sealing.connect("tierce_worker")) == []  # its rows are still hot
        admin.execute(
            "insert into incident.incident (id, title, signal_at) values (1, 'i', now() - interval '1000 days')"
        )
        admin.execute("update journal.segment set at = at - interval '2 days'")
        done = sealer.run()
        assert (done.dropped, done.ended) == (30, 0)
        assert len(history(reader, SealedLog(folder), 5)) == 5  # the incident looks back a year
        admin.execute("delete from incident.incident")
    assert sealer.run().ended == 1
    assert [one.name for one in folder.iterdir()] == ["manifest.json"]
    assert store.segments(reader) == []
    assert store.sealed_end(reader) == 30
    line = reader.execute("select e.body from journal.ended d join journal.entry e on e.seq = d.line").fetchone()
    assert line is not None
    assert decode(bytes(line[0])).act == Act.JOURNAL_END


def test_what_an_incident_without_a_list_may_still_name_is_not_redacted(sealing: Sealing) -> None:
    sealer = sealing.job()
    sealer.run(now=True)
    seq = next(seq for seq, body in sealing.full.items() if decode(body).person == 6)
    for author in (ALICE, BRUNO):
        sealing.ask(seq, author, RedactionReason.ERASURE)
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        opened = "insert into incident.incident (id, title, signal_at) values (1, 'i', now() - interval '500 days')"
        admin.execute(opened.encode())
        assert sealer.run().redacted == 0
        admin.execute("delete from incident.incident")
    assert sealer.run().redacted == 1


def test_who_is_on_the_list_of_an_incident_is_redacted_by_decision_alone(sealing: Sealing) -> None:
    sealer = sealing.job()
    sealer.run(now=True)
    with sealing.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("insert into incident.incident (id, title, signal_at) values (1, 'i', now())")
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
            " entries, tree_size, at) values (1, 1, '{}', '[]', 0, 0, sha256(''), 1, 1, 30, now())"
        )
        admin.execute(
            "insert into incident.exposed (incident, revision, person, insurer, categories, first_at, last_at,"
            " entries, status, rule) values (1, 1, 6, 1, 1, now(), now(), 1, 1, 'r')"
        )
    held, other = (next(seq for seq, body in sealing.full.items() if decode(body).person == who) for who in (6, 5))
    for author in (ALICE, BRUNO):
        for seq in (held, other):
            sealing.ask(seq, author, RedactionReason.ERASURE)
    assert sealer.run().redacted == 1
    assert sealer.run().redacted == 0
    for author in (ALICE + 10, BRUNO + 10):
        sealing.ask(held, author, RedactionReason.DECISION)
    assert sealer.run().redacted == 1
