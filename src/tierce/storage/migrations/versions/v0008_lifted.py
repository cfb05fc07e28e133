"""Who lifted a hold, and why."""

from tierce.storage.migrations import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add two columns to the ladder."""
    run("v0008_lifted.sql")
