"""The journal's sealed segments in a backup: copies, so that nothing that befalls a file befalls its copy."""

import shutil
from datetime import datetime
from pathlib import Path

from psycopg import Connection

from tierce.journal.segments import store
from tierce.journal.segments.files import MANIFEST_FILE, sha256_of
from tierce.upkeep.backup.errors import BackupBrokenError, BackupError
from tierce.upkeep.backup.marks import holds_others
from tierce.upkeep.backup.model import FileDigest


def save(connection: Connection, segments: Path, to: Path) -> dict[str, FileDigest]:
    """Copy the files of the manifest that this connection sees beside the dump; their digests are the manifest's.

    Raises:
        BackupError: a file is missing (a redaction took it away meanwhile, or it is lost) or is another one: no
            restore would take such a backup.
    """
    saved = {}
    for segment in store.segments(connection):
        digests = segment.entries_sha256, segment.blocks_sha256, segment.index_sha256
        for path, digest in zip(segment.paths(segments), digests, strict=True):
            to.mkdir(exist_ok=True, mode=0o700)
            try:
                shutil.copyfile(path, to / path.name)
            except FileNotFoundError:
                msg = (
                    f"{path} manque : refaites la sauvegarde, ou remettez le fichier d’une plus ancienne / is "
                    "missing: take the backup again, or else bring the file back from an earlier one"
                )
                raise BackupError(msg) from None
            if sha256_of(to / path.name) != digest:
                msg = (
                    f"{path} n’est pas le fichier du manifeste : remettez-le d’une sauvegarde plus ancienne, puis "
                    "refaites celle-ci / is not the file of the manifest: bring it back from an earlier backup, then "
                    "take this again"
                )
                raise BackupError(msg)
            saved[path.name] = FileDigest((to / path.name).stat().st_size, digest.hex())
    return saved


def bring_back(folder: Path, listed: dict[str, FileDigest], segments: Path) -> None:
    """Fill an empty folder of segments from a backup whose files were held to its manifest.

    Raises:
        BackupBrokenError: a name leads outside the folder.
    """
    for name in listed:
        if Path(name).name != name:
            msg = f"{name!r} n’est pas le nom d’un fichier de segment / is not the name of a segment's file"
            raise BackupBrokenError(msg)
        segments.mkdir(parents=True, exist_ok=True, mode=0o750)
        shutil.copyfile(folder / name, segments / name)


def insist_empty(segments: Path) -> None:
    """Refuse a folder of segments that holds something.

    Raises:
        BackupError: it does.
    """
    if holds_others(segments):
        msg = (
            f"le dossier de segments {segments} n’est pas vide, une restauration n’écrit sur aucun : renommez-le / "
            "the folder of segments is not empty: a restore never writes over one, so rename it"
        )
        raise BackupError(msg)


def put_aside(connection: Connection, segments: Path, now: datetime) -> Path | None:
    """Move files that the manifest does not know into a folder beside: None when there are none.

    Of a database that went back, they were sealed since, and may hold lines that are nowhere else: the next sealing
    would remove them.
    """
    known = {path for one in store.segments(connection) for path in one.paths(segments)}
    there = sorted(segments.iterdir()) if segments.is_dir() else []
    strange = [one for one in there if one not in known and one.suffix in {".parquet", ".index"}]
    if not strange:
        return None
    aside = segments.with_name(f"{segments.name}.ahead-{now:%Y%m%dT%H%M%SZ}")
    aside.mkdir(mode=0o750)
    listed = segments / MANIFEST_FILE
    if listed.is_file():
        shutil.copy2(listed, aside)
    for one in strange:
        shutil.move(one, aside)
    return aside
