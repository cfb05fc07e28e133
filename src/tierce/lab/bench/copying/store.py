"""The bare side of `tierce bench import`: the register's tables out to files and back by plain COPY."""

import time
from pathlib import Path
from typing import Final

from tierce.registry.progress.store import FeedBook
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

LOADED: Final = (
    "person.key",
    "person.trait",
    "person.record",
    "person.member",
    "person.family",
    "coverage.coverage",
)
_COPY_BYTES: Final = 1 << 20
_SHOWN: Final = ("shared_buffers", "max_wal_size", "fsync", "synchronous_commit", "wal_level")


def write_log(database: Database, size: int) -> None:
    """Have the server write so many bytes of log; the next checkpoint keeps its files for what is written then.

    A new server creates each file of its log, writes it full of zeros and syncs it before it can be used. Only the
    import of the first turn would: the COPY after it finds those that a checkpoint kept.
    """
    with database.connect(SUPERUSER, autocommit=True) as admin:
        admin.execute(
            "select count(pg_logical_emit_message(false, 'bench', repeat('0', %s))) from generate_series(1, %s)",
            (_COPY_BYTES, size // _COPY_BYTES + 1),
        )


def empty_register(database: Database) -> None:
    """Remove everybody and every import from the database, and start from a fresh checkpoint."""
    with database.connect(SUPERUSER, autocommit=True) as admin:
        tables = ", ".join((*LOADED, "registry.feed", "registry.feed_reason", "registry.feed_refused",
                            "registry.feed_later", "person.former_key"))  # fmt: skip
        admin.execute(f"truncate {tables}".encode())
        admin.execute("checkpoint")


def copy_out(database: Database, directory: Path) -> int:
    """Copy every table to a file of binary COPY; returns the bytes written."""
    directory.mkdir(exist_ok=True)
    size = 0
    with database.connect(SUPERUSER) as admin:
        for table in LOADED:
            query = f"copy {table} to stdout (format binary)".encode()
            with (directory / table).open("wb") as file, admin.cursor() as cursor, cursor.copy(query) as copy:
                for block in copy:
                    size += file.write(block)
    return size


def copy_back(database: Database, directory: Path) -> float:
    """Copy the files into the empty tables without indexes, then build the indexes; returns seconds."""
    with database.connect("tierce_feed") as feed:
        book = FeedBook(feed)
        book.set_indexes_aside()
        feed.commit()
        started = time.perf_counter()
        for table in LOADED:
            query = f"copy {table} from stdin (format binary)".encode()
            with (directory / table).open("rb") as file, feed.cursor() as cursor, cursor.copy(query) as copy:
                while block := file.read(_COPY_BYTES):
                    copy.write(block)
            feed.commit()
        book.build_indexes()
        return time.perf_counter() - started


def describe_server(database: Database) -> tuple[str, dict[str, str]]:
    """Return the version and the settings that a figure depends on."""
    with database.connect(SUPERUSER) as admin:
        row = admin.execute("show server_version").fetchone()
        assert row is not None
        settings = {}
        for name in _SHOWN:
            value = admin.execute("select current_setting(%s)", (name,)).fetchone()
            assert value is not None
            settings[name] = str(value[0])
        return str(row[0]), settings
