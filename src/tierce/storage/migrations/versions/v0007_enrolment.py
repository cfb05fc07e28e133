"""Enrolment, substitutes, and the directory's past."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables and columns; whoever was already at work stays a client."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0007_enrolment.sql").encode())
