"""The register of breaches."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add its table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0020_register.sql").encode())
