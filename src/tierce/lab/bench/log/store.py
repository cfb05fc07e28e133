"""What the bench of the journal asks of the database by itself."""

from collections.abc import Iterator

from psycopg import Connection

READ_ROWS = 10_000


def bodies(connection: Connection) -> Iterator[bytes]:
    """Every entry's bytes, in the order of their numbers: the reading that nothing can do without."""
    with connection.cursor(name="bare") as cursor:
        cursor.itersize = READ_ROWS
        cursor.execute("select body from journal.entry order by seq", binary=True)
        for row in cursor:
            yield row[0]


def settle(connection: Connection) -> None:
    """Let the server finish what filling left behind, so that it is not measured with what follows."""
    connection.execute("vacuum analyze journal.entry, journal.batch")
    connection.execute("checkpoint")
