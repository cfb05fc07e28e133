"""Devices that go on with the line of an older one of the same login."""

from tierce.storage.migrations import run

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    """Add their tables."""
    run("v0019_continued.sql")
