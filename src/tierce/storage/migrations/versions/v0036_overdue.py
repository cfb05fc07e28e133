"""Accounts by what stays unexplained beyond the usual delay."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add the queue by account and the counts by day."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0036.sql").encode())
