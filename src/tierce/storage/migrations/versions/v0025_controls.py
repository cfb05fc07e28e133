"""A snapshot of the promised measures every day."""

from tierce.storage.migrations import run

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add their table."""
    run("v0025_controls.sql")
