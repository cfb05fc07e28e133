"""A miss holds its seat for ten days: the pair memory tells it from a person shown."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Let a pair be a miss."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0037.sql").encode())
