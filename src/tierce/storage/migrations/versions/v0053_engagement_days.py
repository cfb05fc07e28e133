"""An insurer may guarantee what is quoted for fewer days than its domain's."""

from alembic import op

from tierce.storage.version import read_sql

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    """Add the column."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0053.sql").encode())
