"""A database that PostgreSQL brought back by its own write-ahead log: held to the journal before it serves."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from tests.forks import running, tierce
from tests.installation import installation
from tests.integration.test_operation_backup import run
from tests.integration.thief import Thief, enter
from tests.waiting import eventually
from tierce.cli import app
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal, verify
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage
from tierce.scope.rules import LOST_BLOCKS
from tierce.settings import Settings, load
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.upkeep.backup.service import retired_lines

SAVED = ("keys", "log", "segments", "state", "spool", "clients")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(300, 3) as running:
        yield running


@pytest.fixture(scope="module")
def doctor(stage: Stage) -> Thief:
    return enter(stage, "claire_morvan")


@pytest.fixture(scope="module")
def base(stage: Stage, doctor: Thief, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the server's files while people ask, then a named instant, then more asks; and the machine is off."""
    cluster = stage.cluster
    assert cluster is not None
    to = tmp_path_factory.mktemp("base")
    asks(stage, doctor, 2)
    left = to / "base-20200101T000000Z.part"
    left.mkdir()
    with ThreadPoolExecutor(1) as copying, stage.database.connect(SUPERUSER, autocommit=True) as admin:
        copied = copying.submit(run, "backup", "base", "--to", to, "--settings", stage.settings_file, "--json", "-")
        asks(stage, doctor, 1)
        told = json.loads(copied.result())
        assert told["bytes"] > 1_000_000
        assert not left.exists(), "what was begun and never ended"
        asks(stage, doctor, 2)
        admin.execute("select pg_create_restore_point('noon')")
        asks(stage, doctor, 3)
    stage.processes["serve"].terminate()
    stage.processes["serve"].wait(timeout=30)
    return Path(told["folder"])


def asks(stage: Stage, doctor: Thief, number: int) -> None:
    """Ask, until all of it is under a checkpoint that is kept outside."""
    before = kept_size(stage.home / "state")
    for _ in range(number):
        assert doctor.ask(stage.person("paul_lenoir"), "MEDG").status_code == 200
    eventually(lambda: kept_size(stage.home / "state") >= before + number, "a later checkpoint is kept", seconds=30)


def kept_size(state: Path) -> int:
    file = state / "checkpoint"
    return int(file.read_text("utf-8").splitlines()[1]) if file.exists() else 0


@contextmanager
def brought_back(stage: Stage, base: Path, home: Path, **until: str) -> Iterator[tuple[Path, psycopg.Connection]]:
    """Another machine: the files copied, a server that reads what it finds of the write-ahead log, and settings."""
    origin = stage.cluster
    assert origin is not None
    home.mkdir()
    home.chmod(0o711)
    for name in SAVED:
        if (stage.home / name).is_dir():
            shutil.copytree(stage.home / name, home / name)
    shutil.copytree(stage.database.secrets, home / "cluster" / "secrets")
    reading = {"restore_command": f"cp {origin.data}/pg_wal/%f %p", **until}
    cluster = Cluster(home / "cluster", {**DURABLE, **reading})
    cluster.data.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(base, cluster.data)
    (cluster.data / "recovery.signal").touch()
    owner = origin.data.stat()
    for one in (cluster.data, *cluster.data.rglob("*")):
        shutil.chown(one, owner.st_uid, owner.st_gid)
    cluster.data.chmod(0o700)
    try:
        there = cluster.start()
        text = stage.settings_file.read_text("utf-8").replace(str(stage.home), str(home))
        text = text.replace(f"port = {stage.database.port}", f"port = {there.port}")
        text = text.replace(str(home / "secrets"), str(there.secrets))
        file = home / "tierce.toml"
        file.write_text(f'log = "{home / "log"}"\nsegments = "{home / "segments"}"\n' + text, "utf-8")
        with load(file).connection().connect(SUPERUSER, autocommit=True) as admin:
            yield file, admin
    finally:
        cluster.discard()


def promoted(admin: psycopg.Connection) -> bool:
    return admin.execute("select not pg_is_in_recovery()").fetchone() == (True,)


def intact(settings: Settings, line: str) -> bool:
    journal = Journal(settings.connection().dsn(SUPERUSER), settings.log_directory(), settings.segments_directory())
    return verify(journal, line, retired=retired_lines(settings.key_directory())).intact


def test_read_to_its_end_nothing_is_lost_that_is_known_and_a_hole_says_what_may_be(
    stage: Stage, doctor: Thief, base: Path, server_path: Path
) -> None:
    broken = {"archive_mode": "on", "archive_command": "false"}
    with brought_back(stage, base, server_path / "whole", **broken) as (file, admin):
        eventually(lambda: promoted(admin), "the server read its log to the end", seconds=30)
        found = json.loads(run("restore", "adopt", "--settings", file, "--json", "-"))
        assert (found["intact"], found["compared"], found["lost_lines"]) == (True, True, 0)
        assert (found["log_aside"], found["segments_aside"]) == (None, None)
        assert found["sessions_ended"] >= 1
        failed = "select failed_count > 0 from pg_stat_archiver"
        eventually(lambda: admin.execute(failed).fetchone() == (True,), "the archive failed once", seconds=30)
        doctor_says = CliRunner().invoke(app, ["doctor", "--settings", str(file), "--json", "-"])
        assert "archive-fails" in doctor_says.stdout
        assert "tierce_archive_failing 1.0" in run("health", "metrics", "--settings", file)
        blocks = [row[0] for row in admin.execute("select block from journal.batch order by block desc limit 2")]
        assert blocks[0] - blocks[1] > LOST_BLOCKS, "its own line is beyond a hole that every list can see"
        state, url = server_path / "whole" / "state", stage.url("api")
        before = kept_size(state)
        with (
            running("serve", "--settings", file, "--only", "worker"),
            running("serve", "--settings", file, "--only", "api"),
        ):
            eventually(lambda: kept_size(state) > before, "the worker signs on", seconds=30)
            eventually(lambda: _ready(url), "the API is ready", seconds=60)
            assert (
                httpx.get(f"{url}/v1/session", headers=doctor.bearer, trust_env=False, verify=NO_TLS).status_code
                == 401
            )
            run("restore", "adopt", "--settings", file, code=2)  # under running processes it does nothing
        settings = load(file)
        assert intact(settings, (settings.key_directory() / "log.pub").read_text("utf-8"))


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False, verify=NO_TLS).status_code == 200
    except httpx.HTTPError:
        return False


def test_read_to_an_instant_what_was_published_since_is_counted_and_put_aside(
    stage: Stage, base: Path, server_path: Path
) -> None:
    home = server_path / "noon"
    until = {"recovery_target_name": "noon", "recovery_target_action": "pause"}
    with brought_back(stage, base, home, **until) as (file, admin):
        refused = CliRunner().invoke(app, ["restore", "adopt", "--settings", str(file)])
        assert (refused.exit_code, "promouvez-le" in refused.output) == (2, True)
        paused = "select pg_get_wal_replay_pause_state() = 'paused'"
        eventually(lambda: admin.execute(paused).fetchone() == (True,), "it stands at noon", seconds=30)
        admin.execute("select pg_promote()")
        eventually(lambda: promoted(admin), "the standby is promoted", seconds=30)
        # The note kept outside is one turn behind what the folder of tiles published: the later of the two counts.
        published = kept_size(home / "log")
        (home / "segments").mkdir(exist_ok=True)
        since = home / "segments" / "0000000000000-0000000000009-000.entries.parquet"
        since.write_bytes(b"lines that are nowhere else")
        (home / "state" / "checkpoint").write_text(_stored_note(admin), "utf-8")
        found = json.loads(run("restore", "adopt", "--settings", file, "--json", "-", code=3))
        assert found["intact"] is True
        assert found["lost_lines"] == published - found["journal_size"] >= 3
        assert [one.name for one in Path(found["segments_aside"]).iterdir()] == [since.name]
        assert not since.exists(), "the next sealing would have removed it"
        aside = Path(found["log_aside"])
        assert (kept_size(aside), kept_size(home / "log")) == (published, found["journal_size"])
        assert kept_size(home / "state") == published
        begun = tierce("serve", "--settings", file, "--only", "worker")
        assert (begun.returncode, "an older backup was restored" in begun.stderr) == (1, True)
        line = run("restore", "accept-loss", "--lines", found["lost_lines"], "--settings", file).strip()
        with running("serve", "--settings", file, "--only", "worker"):
            eventually(lambda: kept_size(home / "state") > 0, "the worker signs under the new key", seconds=30)
        assert intact(load(file), line)
        assert LogFolder(aside).checkpoint() is not None, "what was published stays, as evidence"


def _stored_note(admin: psycopg.Connection) -> str:
    row = admin.execute("select note from journal.checkpoint order by size desc limit 1").fetchone()
    assert row is not None
    return str(row[0])
