"""Who lifted a hold, and why."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add two columns to the ladder."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0008_lifted.sql").encode())
