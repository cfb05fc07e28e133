"""Deposits left while closed, and what insurers guarantee then."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create both tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0010.sql").encode())
