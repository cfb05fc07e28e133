"""Messages to the people exposed: audiences, texts, approvals, attempts, batches of letters."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0023_messages.sql").encode())
