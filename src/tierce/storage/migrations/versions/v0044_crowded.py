"""A common line keeps how many work with it."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Add the count, and have the worker take the largest first."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0044.sql").encode())
