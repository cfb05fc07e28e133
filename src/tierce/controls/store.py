"""What the live checks read, and the snapshots that were kept: one a day, never changed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import LiteralString

from psycopg import Connection

from tierce.controls.model import Readings, Rules, Snapshot
from tierce.journal.witness.store import seen
from tierce.kernel.clock import from_micros
from tierce.policy.acts import Act
from tierce.storage.granted import printed_digest, render

SNAPSHOT_LOCK = 0x7469_6572_6332
"""The advisory lock under which a day's snapshot is taken, once."""
# Asked so that the index of these kinds alone serves, in its own order. A worker repeats the statement, which is then
# prepared and planned for any kind: by number alone, the journal was read back line by line to the last of its kind.
_LAST: LiteralString = """
    select journal.u64(body, 8) from journal.entry
    where kind in (9, 10, 17) and kind between %(kind)s and %(kind)s and get_byte(body, 2) = any(%(acts)s)
    order by kind desc, seq desc limit 1"""


def readings(connection: Connection, at: datetime) -> Readings:
    """Read everything the live checks need."""
    execute = connection.execute
    cosigned, split = _witnesses(connection)
    verified = execute("select at, errors from journal.verification order by id desc limit 1").fetchone()
    waiting = execute("select oldest_seconds from upkeep.waiting()").fetchone()
    begun = execute("select min(since), max(since) from journal.instance").fetchone()
    drawn, written = _blocks(connection)
    rotated = _last(connection, 9, [Act.OPERATION_KEY_ROTATE])
    return Readings(
        at=at,
        grants=sha256(render(connection).encode()).hexdigest(),
        floors=frozenset(execute("select profession, asked, drawn, known from gate.floor").fetchall()),
        ceilings=frozenset(execute("select scope, per_minute, per_day from gate.ceiling").fetchall()),
        shown=frozenset(execute("select scope, per_day from gate.shown_ceiling").fetchall()),
        durations=frozenset(execute("select class, days from upkeep.keep").fetchall()),
        cosigned=cosigned,
        split=split,
        verified=verified[0] if verified else None,
        verified_errors=verified[1] if verified else 0,
        drawn=drawn,
        written=written,
        waiting=timedelta(seconds=waiting[0]) if waiting and waiting[0] is not None else None,
        backup=_last(connection, 17, [Act.OPERATION_BACKUP]),
        retention=_last(connection, 17, [Act.OPERATION_RETENTION]),
        keys=rotated or (begun[1] if begun else None),
        begun=begun[0] if begun else None,
    )


def printed_grants() -> str:
    """The SHA-256 of the page of grants that this version was tested with, in hexadecimal."""
    return printed_digest()


def _witnesses(connection: Connection) -> tuple[datetime | None, bool]:
    """When a witness last cosigned, and whether one has dissented and not cosigned since, whatever others did."""
    witnesses = seen(connection)
    cosigned = max((one.at for one in witnesses if one.at is not None), default=None)
    return cosigned, any(one.split for one in witnesses)


def _blocks(connection: Connection) -> tuple[int, int]:
    """How many block numbers were drawn since the last batch that is older than a day, and how many hold lines."""
    row = connection.execute(
        "with old as (select coalesce((select block from journal.batch where at < now() - interval '1 day'"
        " order by block desc limit 1), (select min(block) - 1 from journal.batch)) as block)"
        " select coalesce(max(b.block) - min(old.block), 0), count(b.block)"
        " from old left join journal.batch b on b.block > old.block"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _last(connection: Connection, kind: int, acts: Iterable[Act]) -> datetime | None:
    """When the last journal line of these acts was written, among those not dropped yet."""
    row = connection.execute(_LAST, {"kind": kind, "acts": [act.value for act in acts]}).fetchone()
    return from_micros(row[0]) if row else None


def lock(connection: Connection) -> None:
    """Let one worker at a time take a snapshot, until its transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s)", (SNAPSHOT_LOCK,))


def keeps_rules(connection: Connection, digest: bytes) -> bool:
    """Whether the text of these rules is kept."""
    return connection.execute("select 1 from upkeep.policy where digest = %s", (digest,)).fetchone() is not None


def keep_rules(connection: Connection, rules: Rules, text: str) -> None:
    """Keep the text of the rules in force; PostgreSQL refuses a text that has another digest."""
    connection.execute(
        "insert into upkeep.policy (digest, text, since, entry) values (%s, %s, %s, %s)",
        (rules.digest, text, rules.since, rules.entry),
    )


def kept_rules(connection: Connection) -> list[Rules]:
    """The rules that were ever in force, the newest first."""
    rows = connection.execute("select digest, since, entry from upkeep.policy order by since desc, digest")
    return [Rules(*row) for row in rows.fetchall()]


def rules_text(connection: Connection, digest: bytes) -> str | None:
    """The text that has this digest."""
    row = connection.execute("select text from upkeep.policy where digest = %s", (digest,)).fetchone()
    return row[0] if row else None


def insert(connection: Connection, snapshot: Snapshot) -> None:
    """Keep a day's snapshot."""
    connection.execute(
        "insert into upkeep.controls (day, at, note, holding, failing, entry) values (%s, %s, %s, %s, %s, %s)",
        (snapshot.day, snapshot.at, snapshot.note, snapshot.holding, snapshot.failing, snapshot.entry),
    )


def is_taken(connection: Connection, day: date) -> bool:
    """Whether a snapshot was taken on this day."""
    return connection.execute("select 1 from upkeep.controls where day = %s", (day,)).fetchone() is not None


def on(connection: Connection, day: date) -> Snapshot | None:
    """The snapshot of a day."""
    row = connection.execute(
        "select day, at, note, holding, failing, entry from upkeep.controls where day = %s", (day,)
    ).fetchone()
    return Snapshot(*row) if row else None


def days(connection: Connection, most: int = 400) -> list[tuple[date, int, int]]:
    """The days that have a snapshot, the newest first, each with how many measures hold and fail."""
    rows = connection.execute("select day, holding, failing from upkeep.controls order by day desc limit %s", (most,))
    return [(day, holding, failing) for day, holding, failing in rows.fetchall()]


def between(connection: Connection, first: date, last: date) -> list[Snapshot]:
    """The snapshots of some days, the oldest first."""
    rows = connection.execute(
        "select day, at, note, holding, failing, entry from upkeep.controls where day between %s and %s order by day",
        (first, last),
    )
    return [Snapshot(*row) for row in rows.fetchall()]
