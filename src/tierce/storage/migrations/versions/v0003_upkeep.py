"""The schema of upkeep: durations of retention, heartbeats."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the schema and its tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0003.sql").encode())
