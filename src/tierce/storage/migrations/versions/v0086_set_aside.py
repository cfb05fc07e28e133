"""What of messages was set aside, and how often a code was tried."""

from tierce.storage.migrations import run

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    """Bound what is tried, and keep what becomes of what no longer is."""
    run("v0086.sql")
