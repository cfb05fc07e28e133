"""What is asked by page, by minute or by night is found by an index."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Find activities, lines, names, reports, answers and deposits by what they are asked by."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0043.sql").encode())
