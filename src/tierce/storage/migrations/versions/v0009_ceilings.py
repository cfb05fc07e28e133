"""How many people are shown or opened in a day at most; finding somebody of the directory by name."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a table and indexes."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0009_ceilings.sql").encode())
