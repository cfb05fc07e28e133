"""What the retention job asks of the database: everything it may do is in storage/sql/retention.sql."""

from psycopg import Connection

from tierce.policy.kept import Kept


def forget(connection: Connection, kept: Kept, at_most: int | None, *, really: bool) -> int:
    """Remove (or count) at most `at_most` rows of a class that are past their duration; returns how many."""
    row = connection.execute("select upkeep.forget(%s, %s, %s)", (kept.value, at_most, really)).fetchone()
    assert row is not None
    return int(row[0])


def forget_next(connection: Connection, kept: Kept, after: int | None, *, really: bool) -> tuple[int, int | None]:
    """Remove (or count) what is due in the stretch of a class behind `after`; returns how many, and where it ends.

    None for where it ends: it was the last.
    """
    row = connection.execute(
        "select removed, upto from upkeep.forget_next(%s, %s, %s)", (kept.value, after, really)
    ).fetchone()
    assert row is not None
    return int(row[0]), row[1]


def due_letters(connection: Connection, at_most: int) -> list[tuple[int, int]]:
    """The audience and number of batches of letters whose file is past its duration."""
    rows = connection.execute("select audience, number from upkeep.due_letters(%s)", (at_most,)).fetchall()
    return [(int(row[0]), int(row[1])) for row in rows]


def letters_gone(connection: Connection, audience: int, number: int) -> None:
    """Write that the file of a batch is gone."""
    connection.execute("select upkeep.letters_gone(%s, %s)", (audience, number))
