"""Names of devices, and when a session was last used."""

from tierce.storage.migrations import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a column and a table."""
    run("v0012_devices.sql")
