"""Contracts with insurers end, and what they had stored is deleted."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Create the table of ends."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0054.sql").encode())
