"""Evidence of the watch, unexplained disclosures, releases by two, appeals."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add their tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0015_evidence.sql").encode())
