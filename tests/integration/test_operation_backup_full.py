"""A restore that fills PostgreSQL's own disk: what is said, what is left, and that the same command goes on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.folders import private_folder
from tests.installation import installation
from tests.own_disk import own_disk
from tierce.cli import app
from tierce.lab.demo.stage import Stage
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.programs import run_program

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(300, 3, only=("worker",)) as running:
        yield running


@pytest.fixture(scope="module")
def taken(stage: Stage) -> Path:
    to = stage.home / "backups"
    assert run("backup", "take", "--to", to, "--settings", stage.settings_file)[0] == 0
    (found,) = to.glob("tierce-*Z")
    return found


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def leave_free(where: Path, megabytes: int) -> None:
    """Make the disk larger or smaller, so that so much of it is free."""
    size = shutil.disk_usage(where).used + megabytes * 2**20
    subprocess.run(["mount", "-o", f"remount,size={size}", where], check=True)


def settings_for(stage: Stage, home: Path, there: Database) -> Path:
    """Settings that lead to another server, and to empty folders."""
    text = f'log = "{home / "log"}"\nsegments = "{home / "segments"}"\n' + stage.settings_file.read_text("utf-8")
    text = text.replace(f"port = {stage.database.port}", f"port = {there.port}")
    text = text.replace(str(stage.database.secrets), str(there.secrets)).replace(str(stage.home / "state"), str(home))
    file = home / "tierce.toml"
    file.write_text(text, "utf-8")
    return file


def databases(there: Database) -> set[str]:
    with there.connect(SUPERUSER) as admin:
        return {name for (name,) in admin.execute("select datname from pg_database where not datistemplate")}


REFUSED = """pg_restore: error: could not execute query: ERREUR:  n'a pas pu étendre le fichier : {}
pg_restore: error: COPY failed for table "key": ERROR:  could not extend file "base/5/2667": {}
"""


@pytest.mark.parametrize("full", ["No space left on device", "Aucun espace disponible sur le périphérique"])
def test_the_servers_own_disk_is_told_from_the_folders(stage: Stage, full: str) -> None:
    """Whoever makes room in the folder of backups would wait in vain."""
    says = ["sh", "-c", 'printf "%s" "$0" >&2; exit 1', REFUSED.format(full, full)]
    with pytest.raises(BackupError, match="plus de place sur le disque de PostgreSQL") as told:
        run_program(says, stage.database, SUPERUSER, None, lambda _bytes: None)
    assert "no room is left on PostgreSQL's disk" in str(told.value)


def test_a_disk_that_fills_midway_is_told_and_the_same_command_goes_on(stage: Stage, taken: Path) -> None:
    """Its write-ahead log finds no room either: PostgreSQL stops, and cannot start before there is some."""
    with private_folder() as home, own_disk(home / "small", "size=400m,mode=755") as small:
        cluster = Cluster(small / "c", {**DURABLE, "shared_buffers": "64MB"})
        there = cluster.start()
        leave_free(small, 10)
        try:
            file = settings_for(stage, home, there)
            command = ("restore", "run", taken, "--nothing-kept", "--settings", file)
            code, said = run(*command)
            assert (code, "PostgreSQL s’est arrêté, ou ne peut plus écrire" in said) == (2, True), said
            assert "run the same command again" in said
            leave_free(small, 300)
            cluster.stop(immediate=True)
            there = cluster.start()
            left = databases(there) - {"postgres"}
            assert left <= {f"{stage.database.name}_restoring"}, "what is left bears its name"
            assert run(*command)[0] == 0
            assert databases(there) == {"postgres", stage.database.name}
        finally:
            leave_free(small, 300)
            cluster.stop(immediate=True)
            cluster.discard()
