"""The folder of tiles that belongs to each test's database."""

import tempfile
from pathlib import Path

from psycopg import Connection

from tierce.journal.segments.sealed import SealedLog
from tierce.journal.tiles.folder import LogFolder
from tierce.storage.database import Database

_HOME = tempfile.TemporaryDirectory(prefix="tierce-logs-")
"""Gone with the process that runs the tests."""


def log_at(port: int, name: str) -> LogFolder:
    """The log's folder of one database; the sequencer makes it when the log begins."""
    return LogFolder(Path(_HOME.name) / f"{port}-{name}")


def log_of(where: Connection | Database) -> LogFolder:
    """Do as `log_at`, for what a connection or the settings of one reach."""
    if isinstance(where, Database):
        return log_at(where.port, where.name)
    return log_at(where.info.port, where.info.dbname)


def segments_of(where: Connection | Database) -> SealedLog:
    """The folder of segments of what a connection or the settings of one reach: beside its tiles."""
    return SealedLog(segments_folder(where))


def segments_folder(where: Connection | Database) -> Path:
    """Where it is."""
    log = log_of(where).path
    return log.with_name(f"{log.name}-segments")
