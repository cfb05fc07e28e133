"""Lines of establishments and common lines, proofs that give seats back, and who works with which software."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add columns and tables; give every establishment at work its line."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0014_lines.sql").encode())
