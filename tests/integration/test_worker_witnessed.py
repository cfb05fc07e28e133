"""The worker as it is served: each checkpoint cosigned, none signed behind a witness; a duty that fails, alone."""

import shutil
import socket
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.forks import running, tierce
from tests.integration.conftest import Connect
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import note_text
from tierce.journal.service import Appender
from tierce.journal.witness.cosignature import WitnessKey, read_cosignature
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.loopback import NO_TLS
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.health.service import worker_state
from tierce.upkeep.service import make_keys

pytestmark = pytest.mark.integration

NAME = "caisse-des-merles.example/temoin"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, verify=NO_TLS).status_code == 501
    except httpx.HTTPError:
        return False


def write_line(worker: psycopg.Connection, keys: Path) -> None:
    appender = Appender.enrol(worker, "worker", Keyring(keys, ()).instance("worker"))
    appender.append(worker, [Entry(kind=EntryKind.UPKEEP, time_us=micros(SystemClock().now()))])


def newest(admin: psycopg.Connection) -> int:
    ((size,),) = admin.execute("select coalesce(max(size), 0) from journal.checkpoint").fetchall()
    return int(size)


def go_back(admin: psycopg.Connection, size: int) -> None:
    """The database as an older backup brings it back; what the worker kept outside is lost with it."""
    admin.execute(
        "delete from journal.entry where seq >> 8 in (select block from journal.placed where first_idx >= %s)",
        (size,),
    )
    admin.execute("delete from journal.placed where first_idx >= %s", (size,))
    admin.execute("delete from journal.cosignature where size > %s", (size,))
    admin.execute("delete from journal.checkpoint where size > %s", (size,))


def test_each_checkpoint_is_cosigned_and_nothing_is_signed_behind_a_witness(
    database: Database, connect: Connect, tmp_path: Path
) -> None:
    keys, state, log = tmp_path / "keys", tmp_path / "state", tmp_path / "worker.log"
    make_keys(keys)
    state.mkdir()
    admin, worker = connect(SUPERUSER, autocommit=True), connect("tierce_worker")
    home = tmp_path / "witness"
    made = tierce("witness", "key", home, "--name", NAME)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, log_line = f"http://127.0.0.1:{port}", (keys / "log.pub").read_text().strip()
    file = tmp_path / "tierce.toml"
    text = f'state = "{state}"\nlog = "{tmp_path / "log"}"\n' + settings_text(database, keys, operator="Rive Claire")
    file.write_text(f'{text}\n[[witnesses]]\nurl = "{url}"\nkey = "{made.stdout.strip()}"\n')
    serve = ("serve", "--settings", str(file), "--only", "worker")
    cosigned = "select size, line from journal.cosignature order by size desc limit 1"
    witness = ("witness", "serve", str(home), "--name", NAME, "--log-key", log_line, "--port", str(port))
    with running(*witness, out=tmp_path / "witness.log"):
        eventually(lambda: answers(url), "the witness listens", seconds=60)
        write_line(worker, keys)
        with running(*serve, out=log):
            eventually(lambda: admin.execute(cosigned).fetchall(), "the first is cosigned", seconds=60)
        earlier = newest(admin)
        shutil.copytree(tmp_path / "log", tmp_path / "backup")
        write_line(worker, keys)
        with running(*serve, out=log):
            eventually(lambda: admin.execute(cosigned).fetchall()[0][0] > earlier, "so is the next", seconds=60)
        ((size, line),) = admin.execute(cosigned).fetchall()
        ((note,),) = admin.execute("select note from journal.checkpoint where size = %s", (size,)).fetchall()
        assert read_cosignature(line, note_text(note), WitnessKey.parse(made.stdout)) > 1_700_000_000
        go_back(admin, earlier)
        shutil.rmtree(tmp_path / "log")
        shutil.copytree(tmp_path / "backup", tmp_path / "log")
        (state / "checkpoint").unlink()
        with running(*serve, out=log) as again:
            again.join(60)
            assert again.exitcode == 1
        assert newest(admin) == earlier
    assert "witness" in log.read_text().splitlines()[-1]


def test_a_duty_that_fails_is_told_and_the_others_go_on(database: Database, connect: Connect, tmp_path: Path) -> None:
    keys, spool, log = tmp_path / "keys", tmp_path / "spool", tmp_path / "worker.log"
    make_keys(keys)
    bad = spool / "00" / f"{0:016x}.spool"
    bad.mkdir(parents=True)  # what cannot be read as a file, whoever asks
    admin, upkeep = connect(SUPERUSER, autocommit=True), connect("tierce_upkeep")
    file = tmp_path / "tierce.toml"
    text = f'log = "{tmp_path / "log"}"\n' + settings_text(database, keys, operator="Rive Claire")
    file.write_text(f'{text}\n[deposits]\nspool = "{spool}"\n')
    with running("serve", "--settings", str(file), "--only", "worker", out=log):
        eventually(lambda: "duty spool" in worker_state(upkeep).checks, "the spool is told to fail", seconds=60)
        state = worker_state(upkeep)
        assert state.live
        assert not state.ready
        assert [name for name, holds in state.checks.items() if not holds] == ["duty spool"]
        write_line(connect("tierce_worker"), keys)
        before = newest(admin)
        eventually(lambda: newest(admin) > before, "lines are sequenced all the same")
        bad.rmdir()
        eventually(lambda: worker_state(upkeep).ready, "the spool is told to work again", seconds=60)
    (said,) = [line for line in log.read_text().splitlines() if "a duty failed" in line]
    assert "IsADirectoryError" in said
    assert '"detail": "spool"' in said
    assert str(spool) not in said


def test_a_second_machine_s_worker_keeps_level_and_takes_over(
    database: Database, connect: Connect, tmp_path: Path
) -> None:
    keys, worker = tmp_path / "keys", connect("tierce_worker")
    make_keys(keys)
    shared = settings_text(database, keys, operator="Rive Claire")
    logs, states = [tmp_path / "log1", tmp_path / "log2"], [tmp_path / "state1", tmp_path / "state2"]
    serve = []
    for place, (log, state) in enumerate(zip(logs, states, strict=True)):
        log.mkdir()
        state.mkdir()
        file = tmp_path / f"{place}.toml"
        file.write_text(f'state = "{state}"\nlog = "{log}"\n{shared}\n[deposits]\nspool = "{tmp_path / "spool"}"\n')
        serve.append(("serve", "--settings", str(file), "--only", "worker"))

    def both_at(lines: int) -> bool:
        notes = [file.read_text() for at in (*logs, *states) if (file := at / "checkpoint").exists()]
        return len(notes) == 4 and len(set(notes)) == 1 and int(notes[0].split("\n")[1]) >= lines

    with running(*serve[1], out=tmp_path / "2.log"):
        with running(*serve[0], out=tmp_path / "1.log"):
            write_line(worker, keys)
            eventually(lambda: both_at(1), "both have the first line", seconds=60)
            before = int((states[1] / "checkpoint").read_text().split("\n")[1])
        write_line(worker, keys)
        eventually(
            lambda: int((states[1] / "checkpoint").read_text().split("\n")[1]) > before,
            "the second goes on alone",
            seconds=60,
        )
