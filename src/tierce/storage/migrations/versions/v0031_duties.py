"""What a process fails at while it goes on with the rest, and what a session last drew."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0031"
down_revision = "0027"


def upgrade() -> None:
    """Add the names of the duties that fail, and the sequence of what is drawn."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0031.sql").encode())
