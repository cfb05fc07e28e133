"""SQL of backup and restore, run as the administrator of the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from psycopg import Connection, IsolationLevel, sql

from tierce.storage.roles import OWNER

UNSAVED = ("access.proof", "access.pending", "access.ticket", "access.key_challenge")
"""Minutes old at most, of no use to anybody tomorrow."""
RESTORE_LOCK = 0x7469_6572_7265
_TABLES = (
    "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')"
    " and n.nspname not like 'pg\\_%' order by 1"
)
SESSIONS = ("access.session", "access.staff_session", "access.person_session", "access.insurer_session")


@contextmanager
def snapshot(connection: Connection) -> Iterator[str]:
    """Hold one instant of the database open, and give its name for pg_dump to see the same."""
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    with connection.transaction():
        row = connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None
        yield str(row[0])


def tables(connection: Connection) -> list[str]:
    """Every table of ours, as schema.name."""
    return [str(row[0]) for row in connection.execute(_TABLES.encode()).fetchall()]


def count_rows(connection: Connection, names: list[str]) -> dict[str, int]:
    """Count the rows of each table; a table that is gone counts nothing."""
    found = {}
    for name in names:
        if name in UNSAVED:
            continue
        statement = sql.SQL("select count(*) from {}").format(sql.Identifier(*name.split(".")))
        row = connection.execute(statement).fetchone()
        assert row is not None
        found[name] = int(row[0])
    return found


def leaf_count(connection: Connection) -> int:
    """How many lines are in the journal's tree."""
    row = connection.execute("select journal.leaf_count()").fetchone()
    assert row is not None
    return int(row[0])


def has_database(connection: Connection, name: str) -> bool:
    """Whether a database of that name is there."""
    return connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is not None


def create_database(connection: Connection, name: str) -> None:
    """Create an empty database owned by us."""
    connection.execute(
        sql.SQL("create database {} owner {} template template0").format(sql.Identifier(name), sql.Identifier(OWNER))
    )


def drop_database(connection: Connection, name: str) -> None:
    """Take away a database that could not be filled."""
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def rename_database(connection: Connection, name: str, to: str) -> None:
    """Give a database that nobody is connected to its name."""
    connection.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(to)))


def restores_alone(connection: Connection) -> bool:
    """Whether no other restore runs on this server; true keeps every other away until this connection ends."""
    return connection.execute("select pg_try_advisory_lock(%s)", (RESTORE_LOCK,)).fetchone() == (True,)


def end_sessions(connection: Connection) -> int:
    """End every session that the backup holds as live: one that was revoked since must not live again."""
    ended = 0
    there = set(tables(connection))
    for name in SESSIONS:
        if name in there:
            table = sql.Identifier(*name.split("."))
            statement = sql.SQL("update {} set revoked = now() where revoked is null and expires > now()").format(
                table
            )
            ended += connection.execute(statement).rowcount
    return ended


def settle_batches(connection: Connection) -> None:
    """Forget the transactions of another server, so that the sequencer reads this one's as they come."""
    connection.execute("update journal.batch set tx = '2' where tx <> '2'")
    connection.execute(
        "update journal.checkpoint set seen = '2:2:' where size = (select max(size) from journal.checkpoint)"
    )


def in_recovery(connection: Connection) -> bool:
    """Whether the server still reads another's log: a standby, or one that has not reached its instant."""
    return connection.execute("select pg_is_in_recovery()").fetchone() == (True,)


def awaited_standby(connection: Connection) -> str | None:
    """The standbys that commits wait for, as the server names them, where none of them follows it."""
    row = connection.execute(
        "select current_setting('synchronous_standby_names')"
        " where current_setting('synchronous_standby_names') <> ''"
        " and not exists (select from pg_stat_replication where sync_state in ('sync', 'quorum'))"
    ).fetchone()
    return None if row is None else str(row[0])


def processes(connection: Connection) -> list[str]:
    """The roles of ours that are connected to this database."""
    rows = connection.execute(
        "select distinct usename from pg_stat_activity where datname = current_database()"
        " and starts_with(usename, 'tierce_') order by 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


def last_line(connection: Connection) -> datetime | None:
    """When the last line of the journal was written; None in an empty one."""
    row = connection.execute("select max(at) from journal.batch").fetchone()
    return None if row is None else row[0]


def instances(connection: Connection) -> dict[str, bytes]:
    """The public key of each signing instance, by its name."""
    return dict(connection.execute("select name, public_key from journal.instance").fetchall())


def skip_blocks(connection: Connection, blocks: int) -> None:
    """Leave so many block numbers unused: those of lost lines must never name others."""
    connection.execute("select setval('journal.block_no', (select last_value from journal.block_no) + %s)", (blocks,))
