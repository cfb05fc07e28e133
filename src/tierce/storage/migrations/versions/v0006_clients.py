"""Vendor software that may exchange its users' sign-ins for sessions."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table of registered software."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0006_clients.sql").encode())
