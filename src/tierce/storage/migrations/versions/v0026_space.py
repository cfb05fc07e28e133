"""First look-ups told, care billed, insurers' answers to requests; secrecy confirmed by another."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0026_space.sql").encode())
