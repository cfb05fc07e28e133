"""What the retention job asks of the database: everything it may do is one function (storage/sql/retention.sql)."""

from psycopg import Connection

from tierce.policy.kept import Kept


def forget(connection: Connection, kept: Kept, at_most: int | None, *, really: bool) -> int:
    """Remove (or count) at most `at_most` rows of a class that are past their duration; returns how many."""
    row = connection.execute("select upkeep.forget(%s, %s, %s)", (kept.value, at_most, really)).fetchone()
    assert row is not None
    return int(row[0])
