"""Traits that other insurers contradict open nobody's space."""

from alembic import op

from tierce.storage.version import read_sql

revision = "0046"
down_revision = "0044"


def upgrade() -> None:
    """Add the mark; no trait bears it before another file is taken in."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0046.sql").encode())
