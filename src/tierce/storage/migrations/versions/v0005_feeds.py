"""Progress, refusals and put-off lines of a feed; what each period was last told by."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what is new; every row is kept."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0005.sql").encode())
