"""Which copies of the server's files are kept, and which files of its archive: PostgreSQL's own tool removes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.storage.cluster import find_binaries, version_of
from tierce.upkeep.backup import basecopy
from tierce.upkeep.backup.errors import BackupError

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)


def copied(to: Path, age: timedelta, first: str) -> Path:
    folder = to / (NOW - age).strftime(basecopy.NAMED)
    folder.mkdir(parents=True)
    (folder / "backup_label").write_text(f"START WAL LOCATION: 0/9000028 (file {first})\nCHECKPOINT LOCATION: 0/9\n")
    (folder / "PG_VERSION").write_text(f"{version_of(find_binaries() / 'postgres')}\n")
    return folder


def archived(wal: Path, *numbers: int, timeline: int = 1) -> None:
    wal.mkdir(exist_ok=True)
    for number in numbers:
        (wal / f"{name(number, timeline)}.gz").touch()


def name(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


def test_the_archive_keeps_what_the_oldest_copy_that_is_kept_needs(
    tmp_path: Path,
) -> None:
    keep = RETENTION[Kept.BACKUPS].keep
    assert keep is not None
    week, wal = timedelta(days=7), tmp_path / "wal"
    old, kept = copied(tmp_path, keep + week, name(3)), copied(tmp_path, keep - week, name(250))
    (tmp_path / f"{kept.name}.part").mkdir()
    (tmp_path / "tierce-20200101T000000Z").mkdir()
    newest = copied(tmp_path, timedelta(), name(260))
    archived(wal, *range(3, 262))
    (wal / f"{name(250)}.00000028.backup.gz").touch()
    assert basecopy.forget_old(tmp_path, newest, NOW) == [old, tmp_path / f"{kept.name}.part"]
    assert basecopy.copies(tmp_path) == [kept, newest]
    assert basecopy.forget_wal(wal, tmp_path) == 247
    left = sorted(one.name for one in wal.iterdir())
    assert left[0] == f"{name(250)}.00000028.backup.gz"
    assert left[1] == f"{name(250)}.gz"
    assert len(left) == 13
    assert (tmp_path / "tierce-20200101T000000Z").is_dir(), "the night's backups are not its own"


def test_a_hole_in_the_archive_since_the_copy_before_is_named(tmp_path: Path) -> None:
    wal = tmp_path / "wal"
    copied(tmp_path, timedelta(days=7), name(250))
    archived(wal, 250, 251, *range(254, 260))
    assert basecopy.missing_wal(wal, tmp_path) == [], "one copy alone"
    copied(tmp_path, timedelta(), name(260))
    assert basecopy.missing_wal(wal, tmp_path) == [name(252), name(253)]
    copied(tmp_path, -timedelta(days=7), name(280, timeline=2))
    assert basecopy.missing_wal(wal, tmp_path) == [], "a server that was brought back begins anew"


def test_a_copy_that_does_not_say_where_it_begins_removes_nothing(tmp_path: Path) -> None:
    copied(tmp_path, timedelta(), "not a file of the log")
    archived(tmp_path / "wal", 1, 2)
    with pytest.raises(BackupError, match="where the copy begins"):
        basecopy.forget_wal(tmp_path / "wal", tmp_path)
    assert len(list((tmp_path / "wal").iterdir())) == 2
