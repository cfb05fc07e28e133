"""A loan of contact data no longer keeps when it was opened: nobody read it."""

from alembic import op

from tierce.storage.version import read_sql

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    """Drop the column; the function that wrote it is replaced in the same transaction."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0052.sql").encode())
