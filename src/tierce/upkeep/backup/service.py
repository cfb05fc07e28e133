"""Takes a backup of the database from one instant, and brings one back into a database that does not exist yet."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from tierce import __version__
from tierce.journal.errors import JournalError
from tierce.journal.kept import LOG_RETIRED_FILE, KeptCheckpoint, retired_log_keys
from tierce.journal.note import Checkpoint, parse_verifier_key, read_checkpoint, unverified_checkpoint
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal
from tierce.journal.verifier.check import verify as verify_journal
from tierce.journal.verifier.model import MEANS, Severity
from tierce.kernel.clock import Clock
from tierce.kernel.durable import sync_folder, sync_tree
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.settings import Settings
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.storage.migrate import create_roles, migrate
from tierce.storage.version import head_version, stored_version
from tierce.upkeep.backup import logfile, loss, marks, programs, segmentsfile, store
from tierce.upkeep.backup.errors import BackupBrokenError, BackupError, ServerStoppedError
from tierce.upkeep.backup.model import DUMP, FORMAT, LOG, MANIFEST, SEGMENTS, FileDigest, Held, Manifest, Restored
from tierce.upkeep.backup.programs import Progress
from tierce.upkeep.backup.signature import insist_signed, sign
from tierce.upkeep.health.store import newest_checkpoint
from tierce.upkeep.rotation.store import retire_instance
from tierce.upkeep.service import INSTANCES
from tierce.web.names import CHECKPOINT_FILE, LOG_PUBLIC_FILE

READ_BYTES = 1 << 20
_ALTERED = (
    "{0} n’est pas le fichier qui fut sauvegardé : prenez une autre sauvegarde / "
    "{0} is not the file that was saved: take another backup"
)
NAMED = "tierce-%Y%m%dT%H%M%SZ"
"""The name of a backup: when it was taken."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is whole on disk."""

    folder: Path
    manifest: Manifest


def take(settings: Settings, to: Path, admin: str, clock: Clock, progress: Progress) -> Taken:
    """Save the database as one instant shows it, while everybody goes on working.

    Raises:
        BackupError: the folder holds keys, or pg_dump failed; what was written is gone.
    """
    if any(to.glob("*.key")) or to.resolve() == settings.key_directory().resolve():
        msg = (
            f"{to} contient des clés : une sauvegarde avec ses clés dit tout. Donnez-lui un dossier à elle / "
            f"{to} holds key files: a backup with its keys tells everything. Choose a folder of its own"
        )
        raise BackupError(msg)
    now = clock.now()
    folder = to / now.astimezone(UTC).strftime(NAMED)
    part = folder.with_suffix(".part")
    if folder.exists():
        msg = f"{folder} existe déjà : recommencez dans une seconde / is there already: try again in a second"
        raise BackupError(msg)
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    part.mkdir(mode=0o700)
    database = settings.connection()
    try:
        with database.connect(admin) as connection, store.snapshot(connection) as name:
            tables = store.tables(connection)
            programs.dump(database, admin, programs.major_of(connection), name, part / DUMP, progress)
            note = newest_checkpoint(connection)
            if note is not None:
                size = unverified_checkpoint(note).size
                logfile.save(LogFolder(settings.log_directory()), note, size, part / LOG)
            manifest = Manifest(
                format=FORMAT,
                taken_at=now.isoformat(timespec="seconds"),
                version=__version__,
                schema=stored_version(connection) or "",
                postgresql=connection.info.server_version,
                database=database.name,
                checkpoint=note,
                rows=store.count_rows(connection, tables),
                files={file.name: digest(file) for file in sorted((part / DUMP).iterdir())},
                log=digest(part / LOG) if note is not None else None,
                segments=segmentsfile.save(connection, settings.segments_directory(), part / SEGMENTS),
            )
        (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        sign(part, settings.key_directory())
        sync_tree(part)
        part.rename(folder)
        sync_folder(to)  # before an older one is forgotten for it
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Taken(folder, manifest)


def forget_old(to: Path, taken: Path, now: datetime) -> list[Path]:
    """Remove the backups of a folder that are past their duration, and what was begun and never ended; those removed.

    Called once `taken` is whole, so that nights that fail remove nothing: the last good one stays.
    """
    keep, gone = RETENTION[Kept.BACKUPS].keep, []
    assert keep is not None, "backups have a duration"
    for folder in sorted(to.glob("tierce-*")):
        with suppress(ValueError):
            at = datetime.strptime(folder.name.removesuffix(".part"), NAMED).replace(tzinfo=UTC)
            if folder != taken and now - at > keep:
                shutil.rmtree(folder)
                gone.append(folder)
    return gone


def read_manifest(folder: Path, progress: Progress = lambda _bytes: None) -> Manifest:
    """Read a backup's manifest and hold every file to it.

    Raises:
        BackupBrokenError: a file is missing, added or altered; the message names it.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        msg = (
            f"{folder} n’a pas de {MANIFEST} lisible : ce n’est pas une sauvegarde, ou pas entière / "
            f"{folder} holds no readable {MANIFEST}: it is not a backup, or not a whole one"
        )
        raise BackupBrokenError(msg) from None
    there = {file.name for file in (folder / DUMP).iterdir()} if (folder / DUMP).is_dir() else set()
    for name in sorted(there ^ set(manifest.files)):
        wrong = ("n’est pas au manifeste", "not in the manifest") if name in there else ("manque", "missing")
        msg = f"{name} {wrong[0]} : prenez une autre sauvegarde / is {wrong[1]}: take another backup"
        raise BackupBrokenError(msg)
    for name, listed in manifest.files.items():
        if digest(folder / DUMP / name) != listed:
            raise BackupBrokenError(_ALTERED.format(name))
        progress(listed.bytes)
    if manifest.log is not None:
        if not (folder / LOG).exists() or digest(folder / LOG) != manifest.log:
            raise BackupBrokenError(_ALTERED.format(LOG))
        progress(manifest.log.bytes)
    for name, listed in manifest.segments.items():
        file = folder / SEGMENTS / name
        if not file.is_file() or digest(file) != listed:
            raise BackupBrokenError(_ALTERED.format(f"{SEGMENTS}/{name}"))
        progress(listed.bytes)
    return manifest


def restore(
    settings: Settings,
    folder: Path,
    admin: str,
    progress: Progress,
    now: datetime,
    *,
    nothing_kept: bool,
) -> Restored:
    """Bring a backup back into a new database of the name in the settings, and hold it to the journal.

    The database has another name until all is done: killed at any step, nothing that a process could be started on is
    there, with the sessions of then still live, and the next run takes away what was left. Where no line is known to
    be lost, block numbers are left out all the same: those of lines that came under no checkpoint name no others.

    Args:
        settings: where the new database, log and segments go, and where the last checkpoint is kept.
        folder: the backup.
        admin: the administrator of the server.
        progress: is told of bytes that came back.
        now: the instant.
        nothing_kept: go on although no checkpoint was kept outside, or one of before the backup alone, so that nobody
            knows what is lost.

    Raises:
        BackupError: the database exists, the backup is unsigned or of a newer program, no checkpoint was kept to
            hold it to, another restore runs, or pg_restore failed: the new database is taken away again.
    """
    kept = insist_kept(settings, nothing_kept=nothing_kept)
    manifest = _admitted(settings, folder)
    tells = _tells(kept, manifest, nothing_kept=nothing_kept)
    database, log = settings.connection(), LogFolder(settings.log_directory())
    making = database.named(f"{database.name}_restoring")
    with database.named("postgres").connect(admin, autocommit=True) as server:
        if not store.restores_alone(server):
            raise BackupError("une autre restauration est en cours / another restore is running")
        if store.has_database(server, database.name):
            msg = (
                f"la base {database.name} existe, et une restauration n’écrit sur aucune : renommez-la, ou donnez un "
                f"autre nom dans les réglages / the database {database.name} exists, and a restore never writes over "
                "one: rename it, or give another name in the settings"
            )
            raise BackupError(msg)
        folders = log.path, settings.segments_directory()
        _clear_killed(server, making.name, folders)
        logfile.insist_empty(log)
        segmentsfile.insist_empty(settings.segments_directory())
        log.begin()
        marks.put(folders)
        create_roles(server, database.secrets)
        store.create_database(server, making.name)
        with _taken_away_again(server, making.name):
            programs.bring_back(making, admin, programs.major_of(server), folder / DUMP, progress)
            _hold_to_manifest(making, admin, manifest)
        held = msgspec.structs.replace(_settle(settings, making, admin, folder, manifest), compared=tells)
        if whole(held):
            with making.connect(admin) as connection:
                loss.skip_unknown(connection, now)
        store.rename_database(server, making.name, database.name)
        marks.take_away(folders)
    return Restored(
        **msgspec.structs.asdict(held),
        taken_at=manifest.taken_at,
        schema_before=manifest.schema,
        schema=head_version(),
        rows=sum(manifest.rows.values()),
    )


@contextmanager
def _taken_away_again(server: psycopg.Connection, making: str) -> Iterator[None]:
    """Take the database away that is being filled, where that fails."""
    try:
        yield
    except BaseException as error:
        try:
            store.drop_database(server, making)
        except psycopg.Error:
            raise ServerStoppedError from error
        raise


def _admitted(settings: Settings, folder: Path) -> Manifest:
    """The manifest of a backup that is whole, signed by us and of a schema that this program knows."""
    manifest = read_manifest(folder)
    insist_signed(folder, settings.key_directory(), manifest)
    if manifest.schema > head_version():
        msg = (
            f"cette sauvegarde est au schéma {manifest.schema}, plus récent que {head_version()} : installez son "
            f"programme / this backup is at schema {manifest.schema}, newer than {head_version()}: install its "
            "program"
        )
        raise BackupError(msg)
    return manifest


def _tells(kept: Checkpoint | None, manifest: Manifest, *, nothing_kept: bool) -> bool:
    """Whether the kept checkpoint tells of lines that were written after the backup; one of before it does not."""
    if kept is None:
        return False
    if kept.size < manifest.journal_size and not nothing_kept:
        msg = (
            f"le point de contrôle de `state` ({kept.size} lignes) est plus ancien que cette sauvegarde "
            f"({manifest.journal_size}) et ne dit rien de ce qui fut écrit depuis elle : mettez-y un plus récent, ou "
            f"dites --nothing-kept / the checkpoint in `state` ({kept.size} lines) is older than this backup "
            f"({manifest.journal_size}) and tells nothing of what was written since: put a later one there, or say "
            "--nothing-kept (docs/runbooks/backup-and-restore.md)"
        )
        raise BackupError(msg)
    return kept.size >= manifest.journal_size


def _settle(settings: Settings, making: Database, admin: str, folder: Path, manifest: Manifest) -> Held:
    """Bring what came back to this program's schema and to today, with its log and segments, and hold it."""
    migrate(making, admin=admin)
    with making.connect(admin) as connection:
        ended = store.end_sessions(connection)
        store.settle_batches(connection)
        retired = retire_replaced(connection, settings.key_directory())
        connection.commit()
    logfile.bring_back(folder / LOG, LogFolder(settings.log_directory()))
    segmentsfile.bring_back(folder / SEGMENTS, manifest.segments, settings.segments_directory())
    # A backup of a version without tiles brings none back: the sequencer makes them again from the entries.
    tiles = settings.log_directory() if manifest.log is not None else None
    return examine(making.dsn(admin), settings, manifest.checkpoint, tiles, ended=ended, retired=retired)


def _clear_killed(server: psycopg.Connection, making: str, folders: Sequence[Path]) -> None:
    """Take away what a restore left that was killed: of the folders, what is in those that bear its mark.

    Without one they were filled again since, and what they hold is somebody's. They stay themselves, with their owner
    and rights; the database goes last, since it alone tells.
    """
    if not store.has_database(server, making):
        return
    for one in (one for folder in folders if marks.marked(folder) for one in folder.iterdir()):
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()
    store.drop_database(server, making)


def whole(held: Held) -> bool:
    """Whether the journal is intact, and no line is known to be lost of those that a checkpoint tells of."""
    return held.intact and held.compared and not held.lost_lines


def insist_kept(settings: Settings, *, nothing_kept: bool) -> Checkpoint | None:
    """The checkpoint that is kept; refuses before anything is made when there is none, or it is none of this log."""
    state = settings.state_directory()
    note = None if state is None else KeptCheckpoint(state / CHECKPOINT_FILE).read()
    if note is None:
        if nothing_kept:
            return None
        msg = (
            f"aucun point de contrôle dans {state or '`state`'}, donc rien ne dit combien de lignes manquent à cette "
            f"sauvegarde : mettez-y le dernier connu, en un fichier {CHECKPOINT_FILE} (un témoin en a un), ou dites "
            f"--nothing-kept / no checkpoint is kept in {state or '`state`'}, so nothing tells how many lines this "
            f"backup lacks: put the last one known there, as a file named {CHECKPOINT_FILE} (a witness has one), or "
            "say --nothing-kept (docs/runbooks/backup-and-restore.md)"
        )
        raise BackupError(msg)
    keys = settings.key_directory()
    origin, current = parse_verifier_key((keys / LOG_PUBLIC_FILE).read_text("utf-8"))
    try:
        return read_checkpoint(note, origin, current, *retired_log_keys(keys))
    except JournalError as error:
        msg = (
            f"le fichier {CHECKPOINT_FILE} de {state} n’est pas un point de contrôle de ce journal, signé par une "
            f"clé de {keys} : remettez la note telle que le témoin la donne, ou des clés scellées plus récentes / "
            f"the file {CHECKPOINT_FILE} in {state} is no checkpoint of this log signed by a key of {keys}: put the "
            f"note there just as the witness gives it, or bring back keys sealed later ({error})"
        )
        raise BackupError(msg) from None


def _hold_to_manifest(database: Database, admin: str, manifest: Manifest) -> None:
    with database.connect(admin) as connection:
        rows = store.count_rows(connection, sorted(manifest.rows))
        if rows != manifest.rows:
            wrong = ", ".join(name for name in manifest.rows if rows.get(name) != manifest.rows[name])
            msg = f"toutes les lignes ne sont pas revenues / not every row came back: {wrong}"
            raise BackupBrokenError(msg)


def retire_replaced(connection: psycopg.Connection, folder: Path) -> list[str]:
    """Retire again each process's signing key that was replaced since the backup; the names of those.

    The process registers its present key when it next signs. A key that the backup holds as retired is not given its
    name back: it may have been replaced because it was stolen.
    """
    known, retired = store.instances(connection), []
    for name in INSTANCES:
        if name in known and (folder / f"instance-{name}.key").exists():
            present = Keyring(folder, ()).instance(name).public_key().public_bytes_raw()
            if present not in known.values() and retire_instance(connection, name):
                retired.append(name)
    return retired


def examine(
    dsn: str, settings: Settings, own: str | None, log: Path | None, *, ended: int, retired: list[str]
) -> Held:
    """Verify the journal against its key, the checkpoint that came back with it, and the one kept outside.

    Args:
        dsn: the database, as the administrator of the server.
        settings: where the segments, the keys and the kept checkpoint are.
        own: the note that came back with the database, if one did.
        log: the log's folder, held to the entries; None leaves it out.
        ended: sessions that were ended, told as found.
        retired: processes whose earlier signing key was retired again, told as found.
    """
    keys, folder = settings.key_directory(), settings.state_directory()
    line = (keys / LOG_PUBLIC_FILE).read_text("utf-8")
    kept = None if folder is None else KeptCheckpoint(folder / CHECKPOINT_FILE).read()
    origin, current = parse_verifier_key(line)
    known = (current, *retired_log_keys(keys))
    lost, notes = 0, [note for note in (own,) if note is not None]
    with psycopg.connect(dsn) as connection:
        size = store.leaf_count(connection)
    if kept is not None:
        lost = max(0, read_checkpoint(kept, origin, *known).size - size)
        if not lost:
            notes.append(kept)
    report = verify_journal(
        Journal(dsn, log, settings.segments_directory()), line, notes, retired=retired_lines(keys)
    )
    return Held(
        journal_size=size,
        intact=report.intact,
        findings=[
            f"{one.code} : {MEANS[one.code]} / {one.message}"
            for one in report.findings
            if one.severity is Severity.ERROR
        ],
        lost_lines=lost,
        compared=kept is not None,
        sessions_ended=ended,
        keys_retired=retired,
    )


def retired_lines(keys: Path) -> list[str]:
    """The log's earlier public lines with the last size each signed, as the reader of the journal wants them."""
    file = keys / LOG_RETIRED_FILE
    return [one for one in file.read_text("utf-8").splitlines() if one.strip()] if file.exists() else []


def digest(file: Path) -> FileDigest:
    """Size and SHA-256 of a file, read in bounded pieces."""
    hashed = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(READ_BYTES):
            hashed.update(piece)
    return FileDigest(file.stat().st_size, hashed.hexdigest())
