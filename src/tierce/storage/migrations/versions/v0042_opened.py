"""Every process learns the sessions that serve, in the order in which they were opened."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Find sessions by when they were opened."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0042.sql").encode())
