"""Which lifts of the watch's own holds the watch has taken note of."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0035"
down_revision = "0031"


def upgrade() -> None:
    """Add the mark, set for every lift whose evidence was spent before."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0035.sql").encode())
