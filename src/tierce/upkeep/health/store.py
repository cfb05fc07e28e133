"""States and counts that upkeep reads: imports, holds, the schema, the server's settings; nothing of anybody."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Import:
    """A file that is being taken in, and for how long it has been; `kind` is rights, insurers or directory."""

    number: int
    kind: str
    seconds: float


def oldest_invoice(connection: Connection) -> float:
    """Seconds since the invoice that waits longest was received; 0 when none waits."""
    row = connection.execute("select coalesce(upkeep.oldest_invoice(), 0)").fetchone()
    assert row is not None
    return float(row[0])


def unanswered(connection: Connection, before: datetime) -> tuple[int, int]:
    """Batches whose file was written before, of which the bank says nothing; and what it said that nobody wrote."""
    row = connection.execute("select batches, unsaid from upkeep.unanswered(%s)", (before,)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def running_imports(connection: Connection) -> list[Import]:
    """The imports that have not ended."""
    rows = connection.execute(
        "select id, kind, extract(epoch from now() - started)::double precision from registry.feed"
        " where state = 'running' order by started"
    ).fetchall()
    return [Import(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that holds what others wait for: its process, its role, and for how long the first of them waits."""

    pid: int
    role: str
    seconds: float


def holders(connection: Connection, seconds: float) -> list[Holder]:
    """Sessions that wait for nobody and hold a lock for which somebody has waited longer than `seconds`."""
    rows = connection.execute(
        "select a.pid, coalesce(a.usename, '?'), max(w.seconds) from"
        " (select pg_blocking_pids(pid) by,"
        "  extract(epoch from clock_timestamp() - waitstart)::double precision seconds"
        "  from pg_locks where not granted and waitstart is not null) w"
        " join pg_stat_activity a on a.pid = any(w.by)"
        " where w.seconds > %s and cardinality(pg_blocking_pids(a.pid)) = 0 group by 1, 2 order by 3 desc",
        (seconds,),
    ).fetchall()
    return [Holder(*row) for row in rows]


def give_up_waiting(connection: Connection, seconds: int) -> None:
    """Wait no longer than this for a lock that somebody else holds: what is asked then fails."""
    connection.execute("select set_config('lock_timeout', %s, false)", (f"{seconds}s",))


def holds_by_rung(connection: Connection) -> dict[int, int]:
    """How many holds are in force, by rung."""
    return dict(
        connection.execute(
            "select rung, count(*) from access.ladder where lifted is null and until > now() group by rung"
        ).fetchall()
    )


def newest_checkpoint(connection: Connection) -> str | None:
    """The note of the largest stored checkpoint."""
    row = connection.execute("select note from journal.checkpoint order by size desc limit 1").fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True, slots=True)
class LastRead:
    """The last reading of the whole journal; `first` is the code of the first fault that it found."""

    at: datetime
    errors: int
    first: str | None


def last_read(connection: Connection) -> LastRead | None:
    """The last reading of the whole journal, if there was one."""
    row = connection.execute("select at, errors, first from journal.verification order by id desc limit 1").fetchone()
    return None if row is None else LastRead(*row)


def archive_on(connection: Connection) -> bool:
    """Whether the server keeps its write-ahead log elsewhere."""
    return connection.execute("select current_setting('archive_mode') <> 'off'").fetchone() == (True,)


@dataclass(frozen=True, slots=True)
class Archived:
    """How the write-ahead log leaves for elsewhere: `seconds` since a file last did, or since the server started."""

    failing: bool
    file: str
    """The file that failed last, if one ever did."""
    failures: int
    seconds: float


def last_archived(connection: Connection) -> Archived | None:
    """How the server's archive does; None where it keeps none."""
    row = connection.execute(
        "select last_failed_time is not null and last_failed_time > coalesce(last_archived_time, '-infinity'),"
        " coalesce(last_failed_wal, ''), failed_count, extract(epoch from now() -"
        " greatest(last_archived_time, pg_postmaster_start_time()))::double precision"
        " from pg_stat_archiver where current_setting('archive_mode') <> 'off'"
    ).fetchone()
    return None if row is None else Archived(*row)


@dataclass(frozen=True, slots=True)
class Slot:
    """What one standby, or another reader of the write-ahead log, has the server keep for it."""

    name: str
    active: bool
    held: int


def slots(connection: Connection) -> list[Slot]:
    """Every replication slot that holds something back, with how many bytes."""
    rows = connection.execute(
        "select slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint"
        " from pg_replication_slots where restart_lsn is not null order by slot_name"
    ).fetchall()
    return [Slot(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Standbys:
    """Who follows the write-ahead log to take over one day, and whom a commit waits for."""

    recovering: bool
    """This server follows another one itself: nothing can be written here."""
    named: str
    """`synchronous_standby_names`: empty where no commit waits for any."""
    behind: tuple[str, ...]
    """Those that follow, and that no commit waits for."""
    held: tuple[str, ...]
    """Those that follow, and that commits wait for."""
    stuck: int
    """Commits that have waited for `seconds` and more."""


def standbys(connection: Connection, seconds: float) -> Standbys:
    """Read as the administrator: any other role sees that somebody follows, and not who nor how."""
    row = connection.execute(
        "select pg_is_in_recovery(), current_setting('synchronous_standby_names'),"
        " array_agg(r.named order by r.named) filter (where r.sync_state in ('async', 'potential')),"
        " array_agg(r.named order by r.named) filter (where r.sync_state in ('sync', 'quorum')),"
        " (select count(*) from pg_stat_activity"
        "  where wait_event = 'SyncRep' and state_change < now() - make_interval(secs => %s))"
        " from (select application_name as named, sync_state from pg_stat_replication"
        "       where application_name not in ('pg_basebackup', 'pg_receivewal')) r",
        (seconds,),
    ).fetchone()
    assert row is not None
    recovering, named, behind, held, stuck = row
    return Standbys(recovering, named, tuple(behind or ()), tuple(held or ()), stuck)


def first_signed(connection: Connection) -> datetime | None:
    """When the log's first checkpoint was signed: since when this installation has a journal."""
    row = connection.execute("select at from journal.checkpoint order by size limit 1").fetchone()
    return row[0] if row else None


def instances(connection: Connection) -> list[str]:
    """Every process, and every earlier key of one, that was ever registered to sign."""
    return [str(row[0]) for row in connection.execute("select name from journal.instance").fetchall()]


def compartments(connection: Connection) -> set[int]:
    """The compartments of which an insurer has a data key, wrapped by the master."""
    return {int(row[0]) for row in connection.execute("select distinct compartment from registry.insurer_key")}


def root_bytes(connection: Connection, size: int) -> bytes | None:
    """The root of the stored checkpoint of exactly that size, if there is one."""
    row = connection.execute("select root from journal.checkpoint where size = %s", (size,)).fetchone()
    return None if row is None else bytes(row[0])


def signed_after(connection: Connection, size: int, seconds: float) -> datetime | None:
    """When the first checkpoint of more than `size` leaves was signed, if that was more than `seconds` ago."""
    row = connection.execute(
        "select c.at from (select at from journal.checkpoint where size > %s order by size limit 1) c"
        " where c.at < now() - make_interval(secs => %s)",
        (size, seconds),
    ).fetchone()
    return row[0] if row else None


def server_settings(connection: Connection, names: list[str]) -> dict[str, str]:
    """Settings of PostgreSQL as this role sees them."""
    rows = connection.execute("select name, setting from pg_settings where name = any(%s)", (names,)).fetchall()
    return dict(rows)


def server_now(connection: Connection) -> datetime:
    """The database's clock."""
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def connection_is_encrypted(connection: Connection) -> bool:
    """Whether this very connection goes over TLS."""
    return connection.pgconn.ssl_in_use
