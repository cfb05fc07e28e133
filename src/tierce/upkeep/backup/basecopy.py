"""The copy of the server's files from which its archived write-ahead log begins, by PostgreSQL's own tools."""

import re
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tierce.kernel.clock import Clock
from tierce.kernel.durable import sync_folder
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.settings import Settings
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.programs import major_of, program, run_program

NAMED = "base-%Y%m%dT%H%M%SZ"
"""The name of a copy: when it was begun."""
_START = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.M)
_SEGMENT = re.compile(r"([0-9A-F]{24})\.gz")
_SEGMENTS_A_LOG = 0x100
"""Files of 16 MiB, as PostgreSQL makes them unless it was built or begun otherwise."""


def copy(settings: Settings, to: Path, admin: str, clock: Clock) -> Path:
    """Copy the files of a server that runs, with the log that makes them whole, and read the copy back.

    Raises:
        BackupError: a program of PostgreSQL failed; what was written is gone, and every earlier copy is there.
    """
    database = settings.connection()
    folder = to / clock.now().astimezone(UTC).strftime(NAMED)
    part = folder.with_suffix(".part")
    if folder.exists():
        raise BackupError(
            f"{folder} existe déjà : recommencez dans une seconde / is there already: try again in a second"
        )
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    where = [f"--host={database.host}", f"--port={database.port}", f"--username={admin}"]
    with database.connect(admin) as connection:
        major = major_of(connection)
    taking = [program("pg_basebackup", major), f"--pgdata={part}", "--checkpoint=fast", "--wal-method=stream"]
    try:
        run_program(
            [*taking, "--manifest-checksums=SHA256", "--no-password", *where], database, admin, None, lambda _n: None
        )
        run_program([program("pg_verifybackup", major), str(part)], database, admin, None, lambda _n: None)
        part.rename(folder)
        sync_folder(to)  # before an older one is forgotten for it
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder


def copies(to: Path) -> list[Path]:
    """The whole copies of a folder, the oldest first."""
    return sorted(one for one in to.glob("base-*Z") if (one / "backup_label").is_file())


def forget_old(to: Path, taken: Path, now: datetime) -> list[Path]:
    """Remove the copies that are past their duration, and those begun and never ended, once `taken` is whole."""
    keep, gone = RETENTION[Kept.BACKUPS].keep, []
    assert keep is not None, "backups have a duration"
    for folder in sorted(to.glob("base-*")):
        with suppress(ValueError):
            at = datetime.strptime(folder.name.removesuffix(".part"), NAMED).replace(tzinfo=UTC)
            if folder != taken and (folder.suffix == ".part" or now - at > keep):
                shutil.rmtree(folder)
                gone.append(folder)
    return gone


def start_of(folder: Path) -> str:
    """The first file of the write-ahead log that a copy needs."""
    found = _START.search((folder / "backup_label").read_text("utf-8"))
    if found is None:
        msg = f"{folder / 'backup_label'} ne dit pas où commence la copie / does not say where the copy begins"
        raise BackupError(msg)
    return found[1]


def forget_wal(wal: Path, to: Path) -> int:
    """Remove from the archive what no copy that is kept needs; how many files."""
    before = len(_archived(wal))
    oldest = copies(to)[0]
    major = int((oldest / "PG_VERSION").read_text("ascii"))
    cleaning = [program("pg_archivecleanup", major), "-x", ".gz", str(wal), start_of(oldest)]
    if subprocess.run(cleaning, capture_output=True, check=False).returncode:
        msg = f"pg_archivecleanup a échoué sur {wal} : voyez ses droits / failed there: look at its modes"
        raise BackupError(msg)
    return before - len(_archived(wal))


def missing_wal(wal: Path, to: Path) -> list[str]:
    """Files that the archive lacks between the copy before and the newest: no instant after them comes back."""
    starts = [start_of(one) for one in copies(to)[-2:]]
    first, until = starts[0], starts[-1]
    if first[:8] != until[:8]:
        return []  # another timeline began between the two
    there = set(_archived(wal))
    places = range(_place(first), _place(until))
    every = (f"{first[:8]}{at // _SEGMENTS_A_LOG:08X}{at % _SEGMENTS_A_LOG:08X}" for at in places)
    return [name for name in every if name not in there]


def _archived(wal: Path) -> list[str]:
    return sorted(found[1] for one in wal.iterdir() if (found := _SEGMENT.fullmatch(one.name)))


def _place(name: str) -> int:
    return int(name[8:16], 16) * _SEGMENTS_A_LOG + int(name[16:], 16)
