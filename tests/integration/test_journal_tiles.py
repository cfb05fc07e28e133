"""Lost tiles are made again, from entries and segments: what was signed, or nothing."""

from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.sealing import ALICE, BRUNO, LOG_KEY, ORIGIN, Sealing, make_sealing
from tests.waiting import eventually
from tierce.journal.encoding import decode
from tierce.journal.errors import BatchBrokenError
from tierce.journal.segments.check import SealedLeaves
from tierce.journal.segments.errors import SegmentAlteredError
from tierce.journal.sequencer import Sequencer
from tierce.journal.store import SEQUENCER_LOCK
from tierce.journal.tiles.folder import LogFolder
from tierce.policy.segments import RedactionReason
from tierce.storage.database import Database

pytestmark = pytest.mark.integration


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def alone(sealing: Sealing) -> psycopg.Connection:
    """A connection, once the server has let go of the lock of a sequencer whose connection is closed."""
    connection = sealing.connect("tierce_worker")

    def free() -> bool:
        return connection.execute(
            "select pg_try_advisory_lock(%(lock)s) and pg_advisory_unlock(%(lock)s)", {"lock": SEQUENCER_LOCK}
        ).fetchone() == (True,)

    eventually(free, "the last sequencer's lock is free")
    connection.commit()
    return connection


def made(sealing: Sealing, folder: Path) -> dict[str, bytes]:
    """The tiles as an empty folder gets them."""
    log, reached = LogFolder(folder), [0]
    log.begin()
    with alone(sealing) as connection:
        sealed = SealedLeaves(connection, sealing.folder)
        Sequencer(connection, ORIGIN, LOG_KEY, log, sealed=sealed, progress=reached.append)
    assert reached == sorted(reached)
    assert reached[-1] > 30
    assert (folder / "checkpoint").is_file()
    return files_of(folder)


def test_lost_tiles_are_made_again_from_segments_and_held_to_the_signed_root(
    database: Database, connect: Connect, tmp_path: Path
) -> None:
    sealing = make_sealing(database, connect, tmp_path)
    sealer = sealing.job()
    sealer.run(now=True)
    seq = next(seq for seq, body in sealing.full.items() if decode(body).person == 6)
    for author in (ALICE, BRUNO):
        sealing.ask(seq, author, RedactionReason.ERASURE)
    assert sealer.run().redacted == 1
    sealing.sequencer.step()
    sealing.sequencing.close()
    expected = files_of(sealing.log.path)
    assert made(sealing, tmp_path / "one redacted").items() < expected.items()  # without what stood before
    sealing.age()
    assert sealer.run().dropped > 0
    assert made(sealing, tmp_path / "rows gone").items() < expected.items()

    rows = next(sealing.folder.glob("*.entries.parquet"))
    aside = rows.rename(tmp_path / rows.name)
    with pytest.raises(SegmentAlteredError):
        made(sealing, tmp_path / "file missing")
    rows.write_bytes(aside.read_bytes()[:-9])
    with pytest.raises(SegmentAlteredError):
        made(sealing, tmp_path / "file cut short")
    aside.rename(rows)
    connection, without = alone(sealing), LogFolder(tmp_path / "without segments")
    without.begin()
    with pytest.raises(BatchBrokenError):
        Sequencer(connection, ORIGIN, LOG_KEY, without)
