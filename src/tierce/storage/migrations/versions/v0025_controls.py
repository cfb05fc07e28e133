"""A snapshot of the promised measures every day."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add their table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0025_controls.sql").encode())
