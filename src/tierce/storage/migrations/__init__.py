"""Alembic migrations: each runs one plain SQL file."""

import psycopg
from alembic import op

from tierce.storage.version import read_sql


def run(name: str) -> None:
    """Run one of our SQL files on the connection of the migration under way."""
    driver = op.get_bind().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute(read_sql(name).encode())
