"""What the watch reads of the journal and writes on the ladder."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from tierce.journal.model import EntryKind
from tierce.policy.ladder import HOLD_RUNG, Level
from tierce.watch.rules import Hold

REFUSAL = EntryKind.REFUSAL.value
LINES_MAX = 5_000
"""Lines looked at in one turn; the rest waits for the next."""


def refusals_after(connection: Connection, index: int) -> tuple[list[bytes], int]:
    """The refusals among the lines sequenced after leaf `index`, in the tree's order, and the last leaf read.

    The tree's order is used because numbers commit out of order: "greater than the last seen" would miss some.
    """
    rows = connection.execute(
        "select l.idx, e.kind, e.body from journal.leaf l join journal.entry e using (seq)"
        " where l.idx > %s order by l.idx limit %s",
        (index, LINES_MAX),
    ).fetchall()
    return [bytes(body) for _, kind, body in rows if kind == REFUSAL], rows[-1][0] if rows else index


def leaf_before(connection: Connection, since: datetime) -> int:
    """The leaf just before the first checkpoint signed since `since`; the last leaf when there is none."""
    row = connection.execute(
        "select coalesce((select max(size) from journal.checkpoint where at < %s), 0)", (since,)
    ).fetchone()
    return -1 if row is None else int(row[0]) - 1


def put_hold(connection: Connection, number: int, hold: Hold, since: datetime, until: datetime) -> bool:
    """Put a device on the rung of automatic holds unless it already stands there; tells whether it did."""
    reason = f"{hold.refused} demandes refusées faute de place dans la journée"
    cursor = connection.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " select %s, %s, %s, %s, %s, %s, 'watch', %s where not exists (select from access.ladder"
        " where level = %s and subject = %s and rung >= %s and lifted is null and until > %s)",
        (number, Level.DEVICE, hold.device, HOLD_RUNG, since, until, reason,
         Level.DEVICE, hold.device, HOLD_RUNG, since),
    )  # fmt: skip
    return cursor.rowcount == 1


def count_shown(connection: Connection) -> int:
    """Add the next leaves to what insurers are told of their own people; returns how many leaves were read."""
    row = connection.execute("select registry.count_shown(%s)", (LINES_MAX,)).fetchone()
    return 0 if row is None else int(row[0])


def tidy(connection: Connection, before: datetime) -> Sequence[int]:
    """Forget used proofs and abandoned sign-ins older than `before`; their lifetime is minutes."""
    return [
        connection.execute("delete from access.proof where at < %s", (before,)).rowcount,
        connection.execute("delete from access.pending where created < %s", (before,)).rowcount,
    ]
