"""A backup taken while people ask, brought back elsewhere, held to the journal, and served from."""

import json
import os
import resource
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import monotonic

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from tests.forks import killed, running, tierce
from tests.installation import installation
from tests.integration.thief import Thief, enter
from tests.waiting import eventually
from tierce.cli import app
from tierce.journal.note import parse_verifier_key, signed_note
from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Report
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage
from tierce.scope.rules import LOST_BLOCKS
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER, Cluster, find_binaries, program_folders, version_of
from tierce.storage.keys import KEY_BYTES, Keyring
from tierce.storage.version import head_version
from tierce.upkeep.backup import segmentsfile
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.marks import MARK
from tierce.upkeep.backup.model import DUMP, MANIFEST, SEGMENTS, SIGNATURE
from tierce.upkeep.backup.programs import major_of, program, run_program
from tierce.upkeep.backup.service import digest, read_manifest, retired_lines

RUNNER = CliRunner()
PASSPHRASE = "six mots choisis au hasard par la machine"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(300, 3) as running:
        yield running


def run(*words: object, code: int = 0) -> str:
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stdout


@contextmanager
def asking(stage: Stage, doctor: Thief) -> Iterator[list[int]]:
    """Asks one after the other for as long as the block lasts.

    Each pause is a fifteenth of the time gone by, so that a quick machine and a slow backup stay below the 150 asks
    that a general practitioner has in a day (policy.seats.DAY_LIMITS): a minute of it is some ninety.
    """
    statuses: list[int] = []
    over = threading.Event()
    began = monotonic()

    def go_on() -> None:
        while not over.wait((monotonic() - began) / 15):
            statuses.append(doctor.ask(stage.person("paul_lenoir"), "MEDG").status_code)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def doctor(stage: Stage) -> Thief:
    return enter(stage, "claire_morvan")


@pytest.fixture(scope="module")
def taken(stage: Stage, doctor: Thief) -> Path:
    """A backup taken under load."""
    where = stage.database
    with asking(stage, doctor) as statuses:
        eventually(lambda: len(statuses) > 3, "asks under way")
        done = run(
            "journal",
            "seal",
            "--now",
            "--json",
            "-",
            "--secrets",
            where.secrets,
            "--keys",
            stage.home / "keys",
            "--log",
            stage.home / "log",
            "--segments",
            stage.home / "segments",
            "--port",
            where.port,
            "--name",
            where.name,
        )  # fmt: skip - a command line
        assert json.loads(done)["sealed"] == 1
        long_ago = stage.home / "backups" / "tierce-20200101T021000Z"
        long_ago.mkdir(parents=True)
        given = ("backup", "take", "--to", stage.home / "backups", "--forget-old", "--settings")
        nowhere = stage.home / "nowhere.toml"
        nowhere.write_text(
            stage.settings_file.read_text("utf-8").replace(f"port = {where.port}", "port = 1"), "utf-8"
        )
        run(*given, nowhere, code=2)
        assert long_ago.exists(), "a night that fails removes nothing"
        said = json.loads(run(*given, stage.settings_file, "--json", "-"))
        assert not long_ago.exists()
        during = len(statuses)
        eventually(lambda: len(statuses) > during, "asks go on after the backup")
    assert set(statuses) == {200}
    assert said["rows"] > 300
    return Path(said["folder"])


@contextmanager
def elsewhere(stage: Stage, home: Path, *, state: bool) -> Iterator[Path]:
    """Another server, empty, and settings that lead to it."""
    home.mkdir()
    home.chmod(0o711)
    cluster = Cluster(home / "cluster")
    (home / "cluster" / "secrets").mkdir(parents=True)
    there = cluster.start()
    try:
        text = f'log = "{home / "log"}"\nsegments = "{home / "segments"}"\n' + stage.settings_file.read_text("utf-8")
        text = text.replace(f"port = {stage.database.port}", f"port = {there.port}")
        text = text.replace(str(stage.database.secrets), str(there.secrets))
        if not state:
            text = text.replace(str(stage.home / "state"), str(home))
        file = home / "tierce.toml"
        file.write_text(text, "utf-8")
        yield file
    finally:
        cluster.discard()


def test_jobs_of_the_night_say_that_they_ended(stage: Stage, taken: Path) -> None:
    with stage.database.connect(SUPERUSER) as admin:
        rows = admin.execute(
            "select process from upkeep.heartbeat where process not in ('worker', 'billing') order by 1"
        ).fetchall()
    assert rows == [("backup",), ("seal",)]


def test_a_backup_before_the_upgrade_is_whole_though_it_cannot_be_noted(stage: Stage, tmp_path: Path) -> None:
    """The new program saves a database that waits for it: "upgrade first" would send one round in a circle."""
    with stage.database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute("revoke execute on function upkeep.job_ended from tierce_upkeep")  # as where there is none yet
        admin.execute("update registry_meta.schema_version set version_num = '0030'")
        try:
            done = RUNNER.invoke(
                app, ["backup", "take", "--to", str(tmp_path), "--settings", f"{stage.settings_file}"]
            )
        finally:
            admin.execute("grant execute on function upkeep.job_ended to tierce_upkeep")
            admin.execute(f"update registry_meta.schema_version set version_num = '{head_version()}'".encode())
    assert done.exit_code == 0, done.output
    assert "attend `tierce upgrade`" in done.output
    (folder,) = tmp_path.glob("tierce-*Z")
    assert read_manifest(folder).schema == "0030"


@contextmanager
def no_room() -> Iterator[None]:
    """Have what this process starts write no file past some kilobytes, as a quota does: a dump's list is larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_backup_that_finds_no_room_leaves_nothing_that_looks_like_one(stage: Stage, taken: Path) -> None:
    there = sorted(taken.parent.iterdir())
    with no_room():
        refused = RUNNER.invoke(
            app, ["backup", "take", "--to", str(taken.parent), "--settings", str(stage.settings_file)]
        )
    assert refused.exit_code == 2
    assert "pg_dump a échoué" in refused.output
    assert sorted(taken.parent.iterdir()) == there
    where = stage.database
    with where.connect(SUPERUSER) as admin:
        dump = program("pg_dump", major_of(admin))
    reached = [f"--host={where.host}", f"--port={where.port}", f"--username={SUPERUSER}", where.name]
    with pytest.raises(BackupError, match="plus de place sur le disque de ce dossier") as full:
        run_program(
            [dump, "--schema-only", "--file=/dev/full", *reached], where, SUPERUSER, None, lambda _bytes: None
        )
    assert "no room is left on this folder's disk" in str(full.value)


def test_a_backup_holds_no_key_and_says_what_it_holds(stage: Stage, taken: Path) -> None:
    run("backup", "check", taken, "--settings", stage.settings_file)
    names = {file.name for file in taken.rglob("*")}
    assert not any(name.endswith((".key", ".password")) for name in names)
    raw = b"".join(file.read_bytes() for file in taken.rglob("*") if file.is_file())
    for key in (stage.home / "keys").glob("*.key"):
        assert key.read_bytes() not in raw, key.name
    said = json.loads((taken / MANIFEST).read_text("utf-8"))
    assert said["checkpoint"].startswith("tierce.local/journal")
    assert taken.stat().st_mode & 0o077 == 0
    assert "access.proof" not in said["rows"]


def test_a_backup_with_a_changed_file_is_refused_by_name(stage: Stage, taken: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(taken, copy)
    victim = max((copy / DUMP).iterdir(), key=lambda file: file.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    given = ["backup", "check", str(copy), "--settings", str(stage.settings_file)]
    done = RUNNER.invoke(app, given)
    assert (done.exit_code, victim.name in done.output) == (2, True)
    victim.unlink()
    assert "missing" in RUNNER.invoke(app, given).output


def test_a_backup_that_somebody_made_again_is_refused(stage: Stage, taken: Path, tmp_path: Path) -> None:
    """Its digests agree with what was altered: only the signature tells, before anything is made."""
    copy = tmp_path / "copy"
    shutil.copytree(taken, copy)
    victim = max((copy / DUMP).iterdir(), key=lambda file: file.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    said = json.loads((copy / MANIFEST).read_text("utf-8"))
    said["files"][victim.name]["sha256"] = digest(victim).sha256
    (copy / MANIFEST).write_text(json.dumps(said), "utf-8")
    settings = str(stage.settings_file)
    check = ["backup", "check", str(copy), "--settings", settings]
    restore = ["restore", "run", str(copy), "--nothing-kept", "--settings", settings]
    name, _key = parse_verifier_key((stage.home / "keys" / "log.pub").read_text("utf-8"))
    text = f"{name}/backup\n{sha256((copy / MANIFEST).read_bytes()).hexdigest()}\n"
    by_another = signed_note(text, name, Keyring(stage.home / "keys", ()).instance("api"))
    for note, why in (
        ((copy / SIGNATURE).read_text("utf-8"), "fut signé"),
        (by_another, "aucune clé"),
        ("", "aucune clé"),
    ):
        (copy / SIGNATURE).write_text(note, "utf-8")
        for command in (check, restore):
            done = RUNNER.invoke(app, command)
            assert (done.exit_code, why in done.output) == (2, True), done.output
    (copy / SIGNATURE).unlink()
    assert "d’avant les signatures" in RUNNER.invoke(app, check).output


def test_a_segment_that_was_spoiled_is_said_when_it_is_saved(stage: Stage, taken: Path, tmp_path: Path) -> None:
    """A backup that no restore would take would take the place of those that are good."""
    segments = tmp_path / "segments"
    shutil.copytree(stage.home / "segments", segments)
    with stage.database.connect(SUPERUSER) as admin:
        assert len(segmentsfile.save(admin, segments, tmp_path / "good")) == 3
        victim = next(segments.glob("*.entries.parquet"))
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
        with pytest.raises(BackupError, match="is not the file of the manifest"):
            segmentsfile.save(admin, segments, tmp_path / "bad")


def test_keys_are_sealed_apart_and_come_back(stage: Stage, taken: Path, tmp_path: Path) -> None:
    phrase, file = tmp_path / "phrase", tmp_path / "sealed"
    phrase.write_text(PASSPHRASE)
    given = ("--settings", stage.settings_file, "--passphrase-file", phrase)
    run("backup", "keys", "--to", file, *given)
    assert file.stat().st_mode & 0o077 == 0
    run("backup", "keys", "--to", file, *given, code=2)
    run("backup", "keys", "--to", taken / "keys", *given, code=2)
    run("backup", "keys", "--to", taken.parent / "keys", *given, code=2)
    to = tmp_path / "back"
    run("backup", "open-keys", file, "--to", to, "--passphrase-file", phrase)
    for key in (stage.home / "keys").glob("*.key"):
        assert (to / key.name).read_bytes() == key.read_bytes()
        assert (to / key.name).stat().st_mode & 0o077 == 0
    run("backup", "open-keys", file, "--to", to, "--passphrase-file", phrase, code=2)
    phrase.write_text("another passphrase altogether")
    run("backup", "open-keys", file, "--to", tmp_path / "no", "--passphrase-file", phrase, code=2)
    assert not (tmp_path / "no").exists()
    raw = file.read_bytes()
    assert not any(key.read_bytes() in raw for key in (stage.home / "keys").glob("*.key"))


def test_restored_elsewhere_it_verifies_and_serves(
    stage: Stage, taken: Path, doctor: Thief, server_path: Path
) -> None:
    with elsewhere(stage, server_path / "there", state=False) as file:
        run(
            "restore", "run", taken, "--settings", file, code=2
        )  # nothing to hold it to: said before anything is made
        found = json.loads(run("restore", "run", taken, "--nothing-kept", "--settings", file, "--json", "-"))
        assert (found["intact"], found["compared"], found["lost_lines"]) == (True, False, 0)
        sealed = {one.name: one.read_bytes() for one in (taken / SEGMENTS).iterdir()}
        assert len(sealed) == 3
        assert {one.name: one.read_bytes() for one in (server_path / "there" / "segments").iterdir()} == sealed
        assert found["sessions_ended"] >= 1, "a session revoked since the backup must not live again"
        run("restore", "run", taken, "--nothing-kept", "--settings", file, code=2)
        ports = {str(stage.ports["api"]): _free_port()}
        text = file.read_text("utf-8")
        for old, new in ports.items():
            text = text.replace(f"port = {old}", f"port = {new}")
        file.write_text(text, "utf-8")
        (port,) = ports.values()
        with running("serve", "--settings", file, "--only", "api"):
            address = f"http://127.0.0.1:{port}"
            eventually(lambda: _status(address + "/health/ready") == 200, "the restored API ready", seconds=60)
            # Her session was ended with all the others: she signs in again, and is told of her patient.
            refused = httpx.get(f"{address}/v1/session", headers=doctor.bearer, trust_env=False, verify=NO_TLS)
            assert refused.status_code == 401


def test_it_comes_back_on_another_major_version_of_postgresql(
    stage: Stage, taken: Path, server_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine is lost, and the next Debian has a later server: its own functions have other arguments there."""
    ours = program_folders()
    own = version_of(find_binaries() / "postgres")
    others = {version_of(one / "postgres"): one for one in ours if (one / "initdb").exists()}
    version = max(other for other in others if other not in {own, 0})
    monkeypatch.setenv("PATH", f"{others[version]}{os.pathsep}{os.environ['PATH']}")
    with elsewhere(stage, server_path / "later", state=False) as file:
        found = json.loads(run("restore", "run", taken, "--nothing-kept", "--settings", file, "--json", "-"))
        assert (found["intact"], found["lost_lines"]) == (True, 0)
        with load(file).connection().connect(SUPERUSER) as there:
            assert there.info.server_version // 10_000 == version
            allowed = "has_function_privilege('tierce_api', oid, 'execute')"
            left = f"select count(*), bool_or({allowed}) from pg_proc where proname = 'pg_logical_emit_message'"
            count, may = there.execute(left.encode()).fetchone() or (0, True)
            assert (count > 0, may) == (True, False), "what was taken away is taken away there too"
        run("backup", "take", "--to", server_path / "again", "--settings", file)


@pytest.mark.parametrize("reached", ["database", "rows", "schema", "log"])
def test_a_restore_killed_at_any_step_leaves_nothing_to_start_on_and_begins_anew(
    stage: Stage, taken: Path, doctor: Thief, server_path: Path, tmp_path: Path, reached: str
) -> None:
    """Between the rows and the end of their sessions a whole database stood there, with everybody's session live."""
    with elsewhere(stage, server_path / "killed", state=False) as file:
        settings = load(file)
        server = settings.connection().named("postgres")
        making = settings.connection().named(f"{settings.database.name}_restoring")

        def holds(statement: bytes) -> bool:
            try:
                with making.connect(SUPERUSER) as there:
                    return bool((there.execute(statement).fetchone() or (0,))[0])
            except psycopg.Error:
                return False

        steps = {
            "database": lambda: holds(b"select 1"),
            "rows": lambda: holds(b"select count(*) from access.session where revoked is null"),
            "schema": lambda: holds(b"select count(*) from access.session where revoked is not null"),
            "log": lambda: any(settings.log_directory().glob("tile")),
        }
        run_it, brief = ("restore", "run", taken, "--nothing-kept", "--settings", file), {"TMPDIR": str(tmp_path)}
        with killed(*run_it, environment=brief):
            eventually(steps[reached], f"the restore reaches: {reached}", seconds=60)
        assert not list(tmp_path.iterdir()), "what it wrote for itself was left behind"
        with server.connect(SUPERUSER) as there:
            named = {row[0] for row in there.execute("select datname from pg_database").fetchall()}
        assert settings.database.name not in named, "a process could be started on it"
        if reached == "log":  # filled again since by somebody who went another way: it is not ours to remove
            (settings.log_directory() / MARK).unlink()
            run("restore", "run", taken, "--nothing-kept", "--settings", file, code=2)
            assert any(settings.log_directory().iterdir())
            shutil.rmtree(settings.log_directory())
            shutil.rmtree(settings.segments_directory(), ignore_errors=True)
        found = json.loads(run("restore", "run", taken, "--nothing-kept", "--settings", file, "--json", "-"))
        assert found["intact"]
        assert not list(settings.log_directory().glob(".restoring"))
        with settings.connection().connect(SUPERUSER) as there:
            live = "select count(*) from access.session where revoked is null and expires > now()"
            assert there.execute(live).fetchone() == (0,)
        with server.connect(SUPERUSER) as there:
            row = there.execute("select 1 from pg_database where datname = %s", (making.name,)).fetchone()
        assert row is None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _status(address: str) -> int:
    try:
        return httpx.get(address, trust_env=False, verify=NO_TLS).status_code
    except httpx.HTTPError:
        return 0


def test_a_machine_that_is_lost_with_what_it_kept_draws_no_number_twice(
    stage: Stage, taken: Path, doctor: Thief, server_path: Path
) -> None:
    assert doctor.ask(stage.person("paul_lenoir"), "MEDG").status_code == 200
    with stage.database.connect(SUPERUSER) as lost:
        (drawn,) = lost.execute("select last_value from journal.block_no").fetchone() or (0,)
    keys = server_path / "keys"
    shutil.copytree(stage.home / "keys", keys)
    with elsewhere(stage, server_path / "lost", state=False) as file:
        file.write_text(file.read_text("utf-8").replace(str(stage.home / "keys"), str(keys)), "utf-8")
        run("restore", "run", taken, "--nothing-kept", "--settings", file)
        run("restore", "accept-loss", "--settings", file, code=2)
        run("restore", "accept-loss", "--lines", 1, "--settings", file, code=2)
        line = run("restore", "accept-loss", "--unknown", "--settings", file)
        assert line.strip() != (stage.home / "keys" / "log.pub").read_text("utf-8").strip()
        with load(file).connection().connect(SUPERUSER) as found:
            (again,) = found.execute("select max(block) from journal.batch").fetchone() or (0,)
        assert again > drawn, "a number that was printed since the backup names nobody else's line"


def test_signing_keys_replaced_since_the_backup_are_retired_again(
    stage: Stage, taken: Path, server_path: Path
) -> None:
    keys, home = server_path / "keys", server_path / "replaced"
    shutil.copytree(stage.home / "keys", keys)
    for name in ("upkeep", "office"):
        (keys / f"instance-{name}.key").write_bytes(os.urandom(KEY_BYTES))
    with elsewhere(stage, home, state=False) as file:
        file.write_text(file.read_text("utf-8").replace(str(stage.home / "keys"), str(keys)), "utf-8")
        note = json.loads((taken / MANIFEST).read_text("utf-8"))["checkpoint"]
        with stage.database.connect(SUPERUSER) as admin:
            ((older,),) = admin.execute("select note from journal.checkpoint order by size limit 1").fetchall()
        spoiled = f"tierce.local/journal : 3 lignes\n{note}", note.replace("\n", "", 1), "", "x" * 9_999
        for wrong in (*spoiled, older):  # the last is the log's own, and tells nothing of what came after the backup
            (home / "checkpoint").write_text(wrong, "utf-8")
            run("restore", "run", taken, "--settings", file, code=2)
        with load(file).connection().named("postgres").connect(SUPERUSER) as server:
            made = server.execute("select datname from pg_database where datname = 'tierce'").fetchall()
        assert made == [], "what is no checkpoint of this log is refused before anything is made"
        (home / "checkpoint").write_text(note, "utf-8")
        found = json.loads(run("restore", "run", taken, "--settings", file, "--json", "-"))
        assert (found["intact"], found["compared"], found["lost_lines"]) == (True, True, 0)
        assert found["keys_retired"] == ["office", "upkeep"]
        with load(file).connection().connect(SUPERUSER) as admin:
            rows = admin.execute("select public_key from journal.instance where name = 'upkeep'").fetchall()
            blocks = "select block from journal.batch order by block desc limit 2"
            last, before = (block for (block,) in admin.execute(blocks).fetchall())
        assert rows == [(Keyring(keys, ()).instance("upkeep").public_key().public_bytes_raw(),)], "it signed its line"
        assert last - before > LOST_BLOCKS, "lines under no checkpoint may be lost: every list sees the hole"


def test_an_older_backup_is_noticed_and_the_way_on_is_signed(
    stage: Stage, taken: Path, doctor: Thief, server_path: Path
) -> None:
    """Last: it retires the log's key of this installation."""
    size_then = _kept_size(stage)
    doctor.ask(stage.person("paul_lenoir"), "MEDG")
    eventually(lambda: _kept_size(stage) > size_then, "a later checkpoint is kept outside")
    stage.processes["serve"].terminate()
    stage.processes["serve"].wait(timeout=30)
    with elsewhere(stage, server_path / "older", state=True) as file:
        found = json.loads(run("restore", "run", taken, "--settings", file, "--json", "-", code=3))
        lost = found["lost_lines"]
        assert lost > 0
        assert found["intact"] is True
        worker = ("serve", "--settings", file, "--only", "worker")
        refused = tierce(*worker)
        assert refused.returncode == 1
        assert "an older backup was restored" in refused.stderr
        run("restore", "accept-loss", "--lines", lost + 1, "--settings", file, code=2)
        line = run("restore", "accept-loss", "--lines", lost, "--settings", file)
        assert list((stage.home / "state").glob("checkpoint.lost-*"))
        with running(*worker):
            kept = stage.home / "state" / "checkpoint"
            eventually(kept.exists, "the worker signs again", seconds=30)
        report = _verified(stage, file, line)
        assert report.intact
        assert any(one.code == "block-abandoned" and "blocks" in one.message for one in report.findings)


def _verified(stage: Stage, file: Path, line: str) -> Report:
    settings = load(file)
    journal = Journal(settings.connection().dsn(SUPERUSER), settings.log_directory(), settings.segments_directory())
    return verify(journal, line, retired=retired_lines(stage.home / "keys"))


def _kept_size(stage: Stage) -> int:
    return int((stage.home / "state" / "checkpoint").read_text("utf-8").splitlines()[1])
