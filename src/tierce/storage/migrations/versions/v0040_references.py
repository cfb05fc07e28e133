"""An incident's reference stays what it was; a batch of letters says who took it."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Keep the day that a reference bears, and who took a batch."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0040.sql").encode())
