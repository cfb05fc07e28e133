"""Devices that go on with the line of an older one of the same login."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0019_continued.sql").encode())
