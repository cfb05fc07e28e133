"""Ceilings drawn from by lease; software that asks in bulk."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Replace the meters and add the column."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0010_leases.sql").encode())
