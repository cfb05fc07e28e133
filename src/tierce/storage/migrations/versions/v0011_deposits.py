"""Deposits left while closed, and what insurers guarantee then."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create both tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0011_deposits.sql").encode())
