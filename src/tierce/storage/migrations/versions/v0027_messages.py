"""Insurers' keys are vouched for by the operator's own staff."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add who vouched."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0027_messages.sql").encode())
