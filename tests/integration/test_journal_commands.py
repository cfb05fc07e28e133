"""`tierce journal` as an operator and an inspector run it."""

import json
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner, Result

from tests.integration.conftest import Connect
from tests.integration.logs import log_of
from tierce.journal.commands import app
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, Appender
from tierce.kernel.ids import EntrySeq, PersonId, staff_id
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, create_keys

pytestmark = pytest.mark.integration


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def keys(key_directory: Path) -> Path:
    create_keys(key_directory, [LOG_KEY_NAME])
    return key_directory


@pytest.fixture
def log_key(keys: Path) -> str:
    done = run("key", "--keys", keys)
    assert done.exit_code == 0
    return done.stdout.strip()


@pytest.fixture
def where(database: Database) -> list[object]:
    return [
        *("--secrets", database.secrets, "--port", database.port, "--name", database.name),
        *("--log", log_of(database).path),
    ]


@pytest.fixture
def seqs(connect: Connect, keys: Path) -> list[EntrySeq]:
    keyring = Keyring(keys, ())
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", keyring.instance("worker"))
    seqs = appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=one) for one in range(5)])
    Sequencer(connect("tierce_worker"), LOG_ORIGIN, keyring.instance(LOG_KEY_NAME), log_of(worker)).step()
    return seqs


def test_an_intact_journal_is_said_intact(seqs: list[EntrySeq], where: list[object], log_key: str) -> None:
    done = run("verify", *where, "--log-key", log_key, "--json", "-")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["intact"], said["entries"], said["leaves"], said["findings"]) == (True, 5, 5, [])
    assert len(seqs) == 5


def test_an_altered_journal_is_said_altered_and_where(
    seqs: list[EntrySeq], where: list[object], log_key: str, connect: Connect
) -> None:
    connect(SUPERUSER, autocommit=True).execute(
        "update journal.entry set body = set_byte(body, 15, 9) where seq = %s", (seqs[2],)
    )
    done = run("verify", *where, "--log-key", log_key, "--json", "-")
    assert done.exit_code == 1
    found = json.loads(done.stdout)["findings"]
    assert {"entry-altered", "batch-signature"} == {one["code"] for one in found}
    assert f"seq {seqs[2]}, index 2" in done.stderr


def test_a_proof_is_printed_and_checked_without_the_database(
    seqs: list[EntrySeq], where: list[object], log_key: str, tmp_path: Path
) -> None:
    done = run("proof", seqs[3], *where)
    assert done.exit_code == 0, done.output
    file = tmp_path / "proof.json"
    file.write_text(done.stdout, encoding="utf-8")
    checked = run("check", file, "--log-key", log_key)
    assert (checked.exit_code, checked.stdout[0]) == (0, "✓")
    file.write_text(done.stdout.replace('"index": 3', '"index": 2'), encoding="utf-8")
    assert run("check", file, "--log-key", log_key).exit_code == 1


def test_a_checkpoint_kept_elsewhere_is_held_against_the_log(
    seqs: list[EntrySeq], where: list[object], log_key: str, tmp_path: Path, connect: Connect
) -> None:
    kept = tmp_path / "checkpoint.txt"
    row = connect("tierce_office").execute("select note from journal.checkpoint").fetchone()
    assert row is not None
    assert len(seqs) == 5
    kept.write_text(row[0], encoding="utf-8")
    assert run("verify", *where, "--log-key", log_key, "--kept", kept).exit_code == 0
    with connect(SUPERUSER, autocommit=True) as thief:
        for table in ("checkpoint", "placed", "entry", "batch"):
            thief.execute(SQL("delete from journal.{}").format(Identifier(table)))
    done = run("verify", *where, "--log-key", log_key, "--kept", kept)
    assert done.exit_code == 1
    assert "log-cut" in done.stderr


def test_what_cannot_be_done_is_refused_with_its_reason(
    seqs: list[EntrySeq], where: list[object], tmp_path: Path
) -> None:
    done = run("verify", *where, "--log-key", "nonsense")
    assert (done.exit_code, "must read name+identifier+base64" in done.stderr) == (2, True)
    done = run("proof", seqs[-1] + 1, *where)
    assert (done.exit_code, f"no journal entry has the number {seqs[-1] + 1}" in done.stderr) == (2, True)
    done = run("key", "--keys", tmp_path)
    assert (done.exit_code, "instance-log.key" in done.stderr) == (2, True)


def test_a_redaction_is_asked_under_a_name_and_one_name_is_one_person(
    seqs: list[EntrySeq], where: list[object], keys: Path, connect: Connect, tmp_path: Path
) -> None:
    create_keys(keys, ["instance-upkeep"])
    worker = connect("tierce_worker")
    appender = Appender.enrol(worker, "worker", Keyring(keys, ()).instance("worker"))
    old = Entry(kind=EntryKind.UPKEEP, time_us=1, person=PersonId(7))
    (seq,) = appender.append(worker, [old])
    words = ("redact", seq, "--reason", "erasure", *where[:-2], "--keys", keys, "--segments", tmp_path / "none")
    for nobody in ("81", " ", "-"):
        refused = run(*words, "--by", nobody)
        assert (refused.exit_code, "donnez votre nom" in refused.stderr) == (2, True), nobody
    first = run(*words, "--by", "Hélène Vasseur")
    assert first.exit_code == 0, first.output
    assert "1 more person must ask" in first.stdout
    again = run(*words, "--by", " Hélène Vasseur ")
    assert (again.exit_code, "une autre doit le faire" in again.stderr) == (2, True)
    assert "the next sealing" in run(*words, "--by", "Marc Tessier").stdout
    rows = connect(SUPERUSER).execute("select author from journal.redaction where seq = %s", (seq,)).fetchall()
    assert {author for (author,) in rows} == {
        staff_id(f"command:{one}") for one in ("Hélène Vasseur", "Marc Tessier")
    }


def test_tiles_are_made_again_although_another_machine_s_worker_sequences(
    seqs: list[EntrySeq], where: list[object], keys: Path, connect: Connect, log_key: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.mkdir()
    words = ("tiles", *where[:-1], log, "--keys", keys, "--segments", tmp_path / "segments", "--json", "-")
    held = connect(SUPERUSER).execute("select count(*) from pg_locks where locktype = 'advisory'").fetchall()
    assert held != [(0,)], "somebody sequences"
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"leaves": len(seqs)}
    assert run("verify", *where[:-1], log, "--log-key", log_key).exit_code == 0
