"""Names of devices, and when a session was last used."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a column and a table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0012_devices.sql").encode())
