"""Mandates' rows: added, never changed."""

from datetime import date

from psycopg import Connection

from tierce.kernel.ids import EntrySeq, InsurerId, new_id
from tierce.notices.mandates.model import NUMBERS, OF_NUMBER, Mandate, Written


def add(connection: Connection, written: Written, entry: EntrySeq) -> None:
    """Write a mandate down, in the transaction of its journal line."""
    connection.execute(
        "insert into notice.mandate (id, insurer, kind, document, from_day, until_day, written_at, entry)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            new_id(),
            written.insurer,
            NUMBERS[written.mandate],
            written.document,
            written.from_day,
            written.until_day,
            written.written_at,
            entry,
        ),
    )


def mandate_of(connection: Connection, insurer: InsurerId, on: date) -> Mandate | None:
    """The mandate of an insurer on a day, or None when no paper says who writes: then nobody writes in its name.

    Of several that cover the day, the one that begins last holds; of two that begin together, the one written last.
    """
    row = connection.execute(
        "select kind from notice.mandate where insurer = %s"
        " and %s between from_day and coalesce(until_day, 'infinity')"
        " order by from_day desc, written_at desc limit 1",
        (insurer, on),
    ).fetchone()
    return OF_NUMBER[int(row[0])] if row else None


def written(connection: Connection) -> list[Written]:
    """Every mandate written down, by insurer, the newest first."""
    rows = connection.execute(
        "select insurer, kind, document, from_day, until_day, written_at from notice.mandate"
        " order by insurer, from_day desc, written_at desc"
    ).fetchall()
    return [Written(InsurerId(row[0]), OF_NUMBER[int(row[1])], *row[2:]) for row in rows]
