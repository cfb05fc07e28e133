"""Cohorts of a list, whom it cannot settle, what changed since the list before."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add their tables, and count the lists that are stored already."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0021_cohorts.sql").encode())
