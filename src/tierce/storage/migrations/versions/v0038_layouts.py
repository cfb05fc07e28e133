"""An import of the directory keeps the layout of its file."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Let each layout have its last day."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0038.sql").encode())
