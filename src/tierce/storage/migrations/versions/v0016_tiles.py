"""Hashes of the tree leave for tiles; one row per block in it."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Move them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0016_tiles.sql").encode())
