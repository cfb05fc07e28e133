"""Keys and database by command, as docs/operations.md says."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.settings_file import settings_text
from tierce.storage.cluster import SUPERUSER, Cluster
from tierce.upkeep.commands import app
from tierce.upkeep.service import INSTANCES

RUNNER = CliRunner()


def test_keys_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = RUNNER.invoke(app, ["keys", str(folder)])
    assert first.exit_code == 0, first.output
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {f"instance-{name}.key" for name in INSTANCES} <= set(made)
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*.key"))
    assert made["log.pub"].startswith(b"tierce")
    again = RUNNER.invoke(app, ["keys", str(folder)])
    assert "all were there" in again.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


def test_a_database_is_made_and_made_again_without_loss(cluster: Cluster, tmp_path: Path) -> None:
    database = cluster.database("tierce_by_command")
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, tmp_path / "keys", operator="Rive Claire"))
    for _ in range(2):
        done = RUNNER.invoke(app, ["database", "--settings", str(file)])
        assert done.exit_code == 0, done.output
    with database.connect(SUPERUSER) as admin:
        assert admin.execute("select id, name from directory.software").fetchall() == [(1, "Portail Rive Claire")]


@pytest.mark.parametrize("text", ["", "mode = 'demo'\n"])
def test_settings_that_cannot_serve_are_refused_in_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(text)
    done = RUNNER.invoke(app, ["database", "--settings", str(file)])
    assert done.exit_code == 2
    assert "the database was left as it was" in done.output
