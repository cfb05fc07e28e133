"""Written mandates, and contact data lent for one incident."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0022_notices.sql").encode())
