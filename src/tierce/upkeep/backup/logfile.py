"""The log's folder in a backup: the tiles of the very checkpoint that the saved database ends with, in one file."""

import io
import tarfile
from pathlib import Path

from tierce.journal.errors import TileMissingError
from tierce.journal.tiles.folder import CHECKPOINT, LogFolder
from tierce.journal.tiles.layout import all_tiles, tile_path
from tierce.upkeep.backup.errors import BackupBrokenError, BackupError
from tierce.upkeep.backup.marks import holds_others


def save(log: LogFolder, note: str, size: int, to: Path) -> None:
    """Write the tiles of a tree of `size` leaves, and its note as the published checkpoint, while others are added.

    Raises:
        TileMissingError: a tile of that tree is not there.
    """
    with tarfile.open(to, "x") as archive:
        for level, number, width in all_tiles(size):
            path = tile_path(level, number, width)
            data = log.tile(level, number, width)
            if data is None:
                msg = (
                    f"{log.path / path} manque ou est tronqué : `tierce journal verify` / is missing or cut short: "
                    "run `tierce journal verify`"
                )
                raise TileMissingError(msg)
            _add(archive, path, data)
        _add(archive, CHECKPOINT, note.encode())


def bring_back(file: Path, log: LogFolder) -> None:
    """Fill an empty log's folder from a backup; `file` may be absent in a backup of an earlier version.

    Raises:
        BackupError: the folder holds something: a restore never writes over a log.
        BackupBrokenError: the file names something outside the folder.
    """
    log.begin()
    insist_empty(log)
    if not file.exists():
        return
    with tarfile.open(file) as archive:
        # By default from Python 3.14; the last versions before warn where none is named, the first know none.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        for member in archive:
            if not member.isreg() or member.name.startswith("/") or ".." in Path(member.name).parts:
                msg = f"{file} : {member.name!r} n’est pas d’un dossier du journal / is not of a log's folder"
                raise BackupBrokenError(msg)
            archive.extract(member, log.path, set_attrs=False)


def insist_empty(log: LogFolder) -> None:
    """Refuse a log's folder that holds something.

    Raises:
        BackupError: it does.
    """
    if holds_others(log.path):
        msg = (
            f"le dossier du journal {log.path} n’est pas vide, et une restauration n’écrit sur aucun : renommez-le / "
            "the log's folder is not empty: a restore never writes over one, so rename it or give another"
        )
        raise BackupError(msg)


def _add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(data)
    member.mode = 0o644
    archive.addfile(member, io.BytesIO(data))
