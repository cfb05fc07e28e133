"""How the independent reader gets the rows: its own statements, in one read-only snapshot."""

from psycopg import Connection, IsolationLevel

from tierce.journal.verifier.check import Batch, Journal, Leaf, Line, Signed


def read_journal(connection: Connection) -> Journal:
    """Read the whole journal as of one instant; memory grows with it, about 400 bytes an entry.

    `connection` must be idle: its isolation level is changed for this reading.
    """
    before = connection.isolation_level, connection.read_only
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select id, public_key from journal.instance")
            instances: dict[int, bytes] = dict(cursor.fetchall())
            cursor.execute("select block, instance, n, signature from journal.batch order by block")
            batches = [Batch(*row) for row in cursor]
            cursor.execute("select seq, kind, professional, person, body from journal.entry order by seq")
            lines = [Line(*row) for row in cursor]
            cursor.execute("select idx, seq, hash from journal.leaf order by idx")
            leaves = [Leaf(*row) for row in cursor]
            cursor.execute("select note, size, root from journal.checkpoint order by size")
            checkpoints = [Signed(*row) for row in cursor]
    finally:
        connection.isolation_level, connection.read_only = before
    return Journal(instances, batches, lines, leaves, checkpoints)
