"""Sealed files that go further than the database hold lines that it lost: no job removes them, the doctor says so."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.conftest import Connect
from tests.integration.sealing import Sealing, make_sealing
from tierce.journal.segments.errors import SegmentsAheadError
from tierce.journal.segments.model import stem
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.storage.database import Database
from tierce.upkeep.doctor.base import LEFT_SECONDS, segments
from tierce.upkeep.doctor.model import Grade

pytestmark = pytest.mark.integration


def run(sealing: Sealing) -> None:
    """A night's sealing, which lets go of its lock."""
    with closing(sealing.job()) as job:
        job.run(now=True)


@pytest.fixture
def sealing(database: Database, connect: Connect, tmp_path: Path) -> Sealing:
    made = make_sealing(database, connect, tmp_path)
    run(made)
    return made


def told(sealing: Sealing, later: timedelta = timedelta(0)) -> list[tuple[str, Grade]]:
    with sealing.connect("tierce_upkeep") as upkeep:
        found = segments(upkeep, sealing.folder, FixedClock(SystemClock().now() + later))
    return [(one.code, one.grade) for one in found]


@pytest.mark.parametrize("kind", ["entries.parquet", "blocks.parquet", "index"])
def test_what_goes_further_than_the_database_is_said_and_no_sealing_removes_it(sealing: Sealing, kind: str) -> None:
    assert told(sealing) == [("segments", Grade.GOOD)]
    held = sorted(path.name for path in sealing.folder.iterdir())
    lost = sealing.folder / f"{stem(30, 31, 0)}.{kind}"
    lost.write_bytes(b"sealed before the restore")
    assert told(sealing) == [("segments-ahead", Grade.BAD)]
    with pytest.raises(SegmentsAheadError):
        run(sealing)
    assert sorted(path.name for path in sealing.folder.iterdir()) == sorted([*held, lost.name])
    lost.rename(sealing.folder.parent / lost.name)
    run(sealing)
    assert told(sealing) == [("segments", Grade.GOOD)]


def test_what_a_killed_sealing_left_of_lines_that_the_database_has_is_said_a_day_later_and_removed(
    sealing: Sealing,
) -> None:
    named, part = (sealing.folder / f"{stem(0, 20, 9)}.index{end}" for end in ("", ".part"))
    named.write_bytes(b"half")
    part.write_bytes(b"half")
    assert told(sealing) == [("segments", Grade.GOOD)], "a sealing may be at work"
    os.utime(part, (0, 0))
    assert told(sealing, timedelta(seconds=LEFT_SECONDS)) == [("segments-left", Grade.WARNING)]
    run(sealing)
    assert not named.exists()
    assert told(sealing, timedelta(seconds=LEFT_SECONDS)) == [("segments", Grade.GOOD)]
