"""Several periods of one insurer, conventions, the day of care of an engagement."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is new; every row is kept."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0002.sql").encode())
