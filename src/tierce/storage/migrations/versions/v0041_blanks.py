"""A refusal writes a pair of nobody, so that its answer takes the time of a miss."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Let a pair be nobody's."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0041.sql").encode())
