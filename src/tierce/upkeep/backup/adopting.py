"""A database that PostgreSQL brought back itself, by its write-ahead log or a standby, held to what a restore is.

Its server tells nobody that it is not where it was: it may end seconds or days before what was printed, signed and
published. So nothing of ours begins on it before sessions are ended, keys and journal are held to what is known, and
a hole in the block numbers tells every list that lines may be missing there.
"""

import os
import shutil
from datetime import UTC
from pathlib import Path

import msgspec
import psycopg

from tierce.journal.kept import KeptCheckpoint, retired_log_keys
from tierce.journal.note import parse_verifier_key, read_checkpoint
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock
from tierce.kernel.durable import sync_folder
from tierce.policy.acts import Act
from tierce.settings import Settings
from tierce.storage.version import head_version, stored_version
from tierce.upkeep import lines
from tierce.upkeep.backup import logfile, segmentsfile, store
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.backup.loss import BLOCKS_SKIPPED_MIN, UNKNOWN
from tierce.upkeep.backup.model import Adopted
from tierce.upkeep.backup.service import examine, insist_kept, retire_replaced, whole
from tierce.upkeep.health.store import newest_checkpoint
from tierce.web.names import CHECKPOINT_FILE, LOG_PUBLIC_FILE


def adopt(settings: Settings, admin: str, clock: Clock, *, nothing_kept: bool) -> Adopted:
    """Hold the database of the settings to the journal; run again, it does the same.

    Where no line that anybody knows of is lost, it leaves a hole in the block numbers: one that was answered in the
    last instant, before it was under a checkpoint, may be. Where lines are lost, `accept-loss` leaves it.

    Args:
        settings: where database, keys, log and the last checkpoint are.
        admin: the administrator of the server.
        clock: for the name of what is put aside.
        nothing_kept: go on although no checkpoint was kept outside, so that nobody knows what is lost.

    Raises:
        BackupError: the server still reads another's log, processes are connected, the schema is not this program's,
            or no checkpoint was kept to hold it to.
    """
    insist_kept(settings, nothing_kept=nothing_kept)
    with settings.connection().connect(admin) as connection:
        _insist_ready(connection)
        ended = store.end_sessions(connection)
        retired = retire_replaced(connection, settings.key_directory())
        connection.commit()
        note, size = newest_checkpoint(connection), store.leaf_count(connection)
        last = store.last_line(connection)
        sealed = segmentsfile.put_aside(connection, settings.segments_directory(), clock.now())
    aside = _step_back(settings, note, size, clock)
    dsn = settings.connection().dsn(admin)
    held = examine(dsn, settings, note, settings.log_directory(), ended=ended, retired=retired)
    if whole(held):
        with settings.connection().connect(admin) as connection:
            store.skip_blocks(connection, BLOCKS_SKIPPED_MIN)
        lines.tell(settings, Act.OPERATION_RESTORE, UNKNOWN)
    return Adopted(
        **msgspec.structs.asdict(held),
        last_line=None if last is None else last.astimezone(UTC).isoformat(timespec="seconds"),
        log_aside=None if aside is None else str(aside),
        segments_aside=None if sealed is None else str(sealed),
    )


def _insist_ready(connection: psycopg.Connection) -> None:
    if store.in_recovery(connection):
        raise BackupError(
            "ce serveur lit encore le journal d’un autre : promouvez-le (`select pg_promote()`) / "
            "this server still reads another's log: promote it (`select pg_promote()`)"
        )
    awaited = store.awaited_standby(connection)
    if awaited:
        raise BackupError(
            f"ce serveur attend à chaque écriture un serveur de secours ({awaited}) qui n’est pas là : `alter system "
            "set synchronous_standby_names = ''`, puis `select pg_reload_conf()` / this server waits at each commit "
            "for a standby that is away: do these two"
        )
    connected = store.processes(connection)
    if connected:
        raise BackupError(
            f"des processus sont connectés ({', '.join(connected)}) : arrêtez-les tous / "
            "processes are connected: stop them all"
        )
    found = stored_version(connection)
    if found != head_version():
        raise BackupError(
            f"schéma {found}, et ce programme veut {head_version()} : installez le programme de cette base, puis "
            f"`tierce upgrade` / schema {found}, and this program wants {head_version()}: install that database's "
            "program, then `tierce upgrade`"
        )


def _step_back(settings: Settings, note: str | None, size: int, clock: Clock) -> Path | None:
    """Put a log's folder aside that is ahead of the database, with a new one that has the tiles of `size` leaves.

    What it published is the last that anybody may have seen: it becomes the kept checkpoint where it is later.
    """
    log, state = LogFolder(settings.log_directory()), settings.state_directory()
    if not log.path.is_dir():
        msg = (
            f"le dossier du journal {log.path} n’est pas là : montez son disque, ou remettez celui qui est à côté / "
            "the log's folder is not there: mount its disk, or put back the one beside it"
        )
        raise BackupError(msg)
    published = log.checkpoint()
    if published is None:
        return None
    keys = settings.key_directory()
    origin, current = parse_verifier_key((keys / LOG_PUBLIC_FILE).read_text("utf-8"))
    known = (current, *retired_log_keys(keys))
    ahead = read_checkpoint(published, origin, *known).size
    if state is not None:
        kept = KeptCheckpoint(state / CHECKPOINT_FILE)
        before = kept.read()
        if before is None or read_checkpoint(before, origin, *known).size < ahead:
            kept.write(published)
    if ahead <= size:
        return None
    aside = log.path.with_name(f"{log.path.name}.ahead-{clock.now():%Y%m%dT%H%M%SZ}")
    part = LogFolder(log.path.with_name(f"{log.path.name}.part"))
    shutil.rmtree(part.path, ignore_errors=True)
    part.begin()
    if note is not None:
        saved = aside.with_suffix(".tar")
        logfile.save(log, note, size, saved)
        logfile.bring_back(saved, part)
        saved.unlink()
    _give(part.path, log.path)
    log.path.rename(aside)
    part.path.rename(log.path)
    sync_folder(log.path.parent)
    return aside


def _give(made: Path, like: Path) -> None:
    """Give a folder, and what is in it, to the owner and group of another one."""
    owner = like.stat()
    for one in (made, *made.rglob("*")):
        os.chown(one, owner.st_uid, owner.st_gid)
    shutil.copystat(like, made)
