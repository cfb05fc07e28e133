"""The schema of upkeep: durations of retention, heartbeats."""

from tierce.storage.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the schema and its tables."""
    run("v0003.sql")
