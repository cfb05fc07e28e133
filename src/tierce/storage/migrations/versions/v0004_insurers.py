"""The insurers' site: sessions of insurers' staff, and the counts its pages read."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add its tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0004_insurers.sql").encode())
