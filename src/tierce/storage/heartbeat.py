"""The sign of life of a process that has no page of its own, kept where upkeep can read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

JOBS = ("backup", "retention", "seal")
"""What a timer runs each night: each has a row too, of when it last ended well."""
BASE = "base"
"""The week's copy of the server's files, where PostgreSQL keeps its write-ahead log elsewhere; it has a row too."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a process last said of itself; `age_seconds` by the database's clock."""

    process: str
    started: datetime
    age_seconds: float
    version: str
    turns: int
    waiting: int
    failing: Sequence[str] = ()
    """Its duties whose last attempt failed, while the others go on."""


def beat(
    connection: Connection, process: str, version: str, turns: int, waiting: int, failing: Iterable[str] = ()
) -> None:
    """Say that `process` lives and which of its duties fail, on its own connection; the first turn is its start."""
    connection.execute(
        "insert into upkeep.heartbeat as h (process, started, at, version, turns, waiting, failing)"
        " values (%s, now(), now(), %s, %s, %s, %s) on conflict (process) do update set"
        " started = case when excluded.turns <= h.turns then now() else h.started end,"
        " at = now(), version = excluded.version, turns = excluded.turns, waiting = excluded.waiting,"
        " failing = excluded.failing",
        (process, version, turns, waiting, sorted(failing)),
    )
    connection.commit()


def notices_live(connection: Connection, version: str, turns: int, failing: Iterable[str] = ()) -> None:
    """Say that `tierce notice run` lives, and which parts of its last turn failed.

    Over a connection of role tierce_notices in autocommit mode.
    """
    connection.execute("select upkeep.notices_live(%s, %s, %s)", (version, turns, sorted(failing)))


def job_ended(connection: Connection, job: str, version: str) -> None:
    """Say that a job ended well, and commit; one that fails says nothing, and its silence is alerted on."""
    connection.execute("select upkeep.job_ended(%s, %s)", (job, version))
    connection.commit()


def read(connection: Connection) -> list[Heartbeat]:
    """Every process that ever said so, and every job that ever ended well."""
    rows = connection.execute(
        "select process, started, extract(epoch from now() - at)::double precision, version, turns, waiting,"
        " failing from upkeep.heartbeat order by process"
    ).fetchall()
    return [Heartbeat(*row) for row in rows]


def visible(connection: Connection) -> str:
    """What a statement of now would see: whoever is told the same again finds the same in every table.

    On a connection that is not in a transaction.
    """
    connection.autocommit = True  # a statement by itself, in one message where a transaction takes three
    try:
        row = connection.execute("select pg_current_snapshot()::text").fetchone()
    finally:
        connection.autocommit = False
    assert row is not None
    return str(row[0])


@dataclass(frozen=True, slots=True)
class Waiting:
    """How far the sequencer is behind; seconds are None when there is nothing to measure."""

    lines: int
    oldest_seconds: float | None
    checkpoint_seconds: float | None
    size: int


def waiting(connection: Connection) -> Waiting:
    """Journal lines not under a checkpoint yet, the age of the oldest and of the last checkpoint, its size."""
    row = connection.execute(
        "select lines, oldest_seconds, checkpoint_seconds, size from upkeep.waiting()"
    ).fetchone()
    assert row is not None
    return Waiting(*row)
