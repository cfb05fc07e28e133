"""The first schema."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("schema.sql").encode())
