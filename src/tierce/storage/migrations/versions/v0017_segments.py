"""The manifest of sealed segments, redactions, and segments whose time is over."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0017_segments.sql").encode())
