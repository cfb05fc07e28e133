"""Answers to persons' reports and requests, and what an authority asks to be told later."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0024_space.sql").encode())
