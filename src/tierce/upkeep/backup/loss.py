"""The way on after a backup that is older than the journal's last known checkpoint: said, signed, never silent."""

from datetime import datetime

from psycopg import Connection

from tierce.journal.kept import KeptCheckpoint, retired_log_keys
from tierce.journal.note import parse_verifier_key, read_checkpoint
from tierce.journal.segments.store import tree_size
from tierce.journal.service import LOG_KEY_NAME
from tierce.kernel.clock import Clock
from tierce.kernel.durable import sync_folder
from tierce.kernel.ids import MAX_ID
from tierce.policy.acts import Act
from tierce.scope.rules import LOST_BLOCKS
from tierce.settings import Settings
from tierce.upkeep import lines
from tierce.upkeep.backup import store
from tierce.upkeep.backup.errors import BackupError
from tierce.upkeep.rotation.service import Step, no_step, replace_log_key
from tierce.web.names import CHECKPOINT_FILE, LOG_PUBLIC_FILE

BLOCKS_SKIPPED_MIN = LOST_BLOCKS
"""Beyond the lost lines themselves: lines that were written and not yet under a checkpoint had numbers too. By so
long a hole every list of an incident knows that lines were lost there."""
BLOCKS_A_DAY = 1 << 24
"""When nobody knows how many lines are lost: more blocks than a day draws, for each day begun since the last line."""
UNKNOWN = MAX_ID
"""The number of lost lines in the journal's own line, when nobody knows it."""


def skip_unknown(connection: Connection, now: datetime) -> None:
    """Leave out more block numbers than were drawn since the last line that is there, however many lines are lost."""
    days = (now - (store.last_line(connection) or now)).days + 1
    store.skip_blocks(connection, max(1, days) * BLOCKS_A_DAY)


def accept(settings: Settings, admin: str, lost: int | None, clock: Clock, step: Step = no_step) -> str:
    """Let the journal go on from what was restored; returns the log's new public line.

    The log's key is retired at the restored size, so that checkpoints of before and after never bear the same
    signature; the block numbers of lost lines are left out, which every list of an incident prints as a hole; the
    kept checkpoint is put aside as evidence, and a journal line says how many lines were lost. `lost` is None when no
    checkpoint was kept that tells of what came after the backup, so that nobody can say. Stopped anywhere, it is run
    again: the kept checkpoint goes last, and the worker refuses to begin as long as it is there.

    Raises:
        BackupError: nothing is lost, or not as many lines as the operator was told; or how many can be told.
    """
    keys, folder = settings.key_directory(), settings.state_directory()
    if folder is None:
        raise BackupError(
            "les réglages ne nomment pas de dossier `state` : aucun point de contrôle n’y est gardé / "
            "the settings name no `state` directory, so no checkpoint was kept to compare with"
        )
    kept = KeptCheckpoint(folder / CHECKPOINT_FILE)
    note = kept.read()
    origin, current = parse_verifier_key((keys / LOG_PUBLIC_FILE).read_text("utf-8"))
    with settings.connection().connect(admin) as connection:
        size = tree_size(connection)
        kept_size = 0 if note is None else read_checkpoint(note, origin, current, *retired_log_keys(keys)).size
        if lost is None:
            if note is not None and kept_size >= size:
                raise BackupError(
                    "un point de contrôle est gardé, donc la perte est connue : relisez ce que `tierce restore run` "
                    "a écrit / a checkpoint was kept, so the loss is known: read what `tierce restore run` printed"
                )
            skip_unknown(connection, clock.now())
        elif kept_size - size != lost or lost <= 0:
            gone = max(0, kept_size - size)
            msg = (
                f"{gone} lignes sont perdues, pas {lost} : relisez ce que `tierce restore run` a écrit / "
                f"{gone} lines are lost, not {lost}: read what `tierce restore run` printed"
            )
            raise BackupError(msg)
        else:
            store.skip_blocks(connection, lost + BLOCKS_SKIPPED_MIN)
        connection.commit()
    line = replace_log_key(keys, f"instance-{LOG_KEY_NAME}", size, step)
    step("tell")
    lines.tell(settings, Act.OPERATION_RESTORE, UNKNOWN if lost is None else lost)
    step("aside")
    if note is not None:
        kept.path.rename(kept.path.with_name(f"{CHECKPOINT_FILE}.lost-{clock.now():%Y%m%dT%H%M%SZ}"))
        sync_folder(kept.path.parent)
    return line
