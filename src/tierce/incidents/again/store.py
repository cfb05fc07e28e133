"""One process at a time makes lists again."""

from psycopg import Connection

_LOCK = "hashtextextended('tierce-lists', 0)"


def take_turn(connection: Connection) -> bool:
    """Whether this connection may do a turn: one does, until it ends or gives it up."""
    row = connection.execute(f"select pg_try_advisory_lock({_LOCK})").fetchone()
    return row is not None and bool(row[0])


def end_turn(connection: Connection) -> None:
    """Let another do the next turn."""
    connection.execute(f"select pg_advisory_unlock({_LOCK})")
