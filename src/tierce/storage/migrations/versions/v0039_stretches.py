"""An insurer's periods are found by the stretches of pages that they lie in."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Sum up which insurers each stretch of pages holds."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0039.sql").encode())
