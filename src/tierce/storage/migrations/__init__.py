"""Alembic migrations: each runs one plain SQL file."""

import psycopg
from alembic import op

from tierce.storage.migrate import read_sql

_HALF_BUILT = """
    select format('%I.%I', n.nspname, c.relname)
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and n.nspname in ('access', 'care', 'directory', 'notice', 'presence')"""


def run(name: str) -> None:
    """Run one of our SQL files on the connection of the migration under way."""
    _driver().execute(read_sql(name).encode())


def build(name: str) -> None:
    """Build the indexes of one of our SQL files while their tables are written, each by itself.

    What the migrations before it did is committed first. An upgrade that is stopped here goes on with the index that
    it was at, which is begun again.
    """
    with op.get_context().autocommit_block():
        driver = _driver()
        driver.execute("set lock_timeout = 0")  # it waits for whoever reads, and holds nobody up meanwhile
        for (index,) in driver.execute(_HALF_BUILT).fetchall():
            driver.execute(f"drop index {index}".encode())
        for statement in read_sql(name).split(";\n"):
            if statement.strip():
                driver.execute(statement.encode())
        driver.execute("set lock_timeout = '4s'")


def _driver() -> psycopg.Connection:
    driver = op.get_bind().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
