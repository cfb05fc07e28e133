"""Which of PostgreSQL's programs a backup runs: those of the server's own major version."""

import os
from pathlib import Path

import pytest

from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.programs import program

NONE_YET = 97


def installed(folder: Path, name: str, said: str) -> Path:
    """A program that says a version."""
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{said}'\n", "utf-8")
    file.chmod(0o755)
    return file


def test_the_program_of_the_server_s_version_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = installed(tmp_path, "pg_restore", f"pg_restore (PostgreSQL) {NONE_YET}.3 (Debian {NONE_YET}.3-1)")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert program("pg_restore", NONE_YET) == str(mine)


def test_another_s_is_not_taken_for_it_and_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's `pg_restore` 17 says to a server of 15 what that does not know."""
    installed(tmp_path, "pg_restore", f"pg_restore (PostgreSQL) {NONE_YET + 1}.0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BackupError, match=f"postgresql-client-{NONE_YET}`") as refused:
        program("pg_restore", NONE_YET)
    assert f"{NONE_YET + 1})" in str(refused.value), "it says which ones are there"


def test_a_program_that_says_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "pg_archivecleanup", "no version")
    (tmp_path / "pg_dump").write_text("not a program", "utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("pg_archivecleanup", "pg_dump", "pg_that_is_nowhere"):
        with pytest.raises(BackupError, match=f"{name} {NONE_YET} was not found"):
            program(name, NONE_YET)
