"""The manifest of sealed segments, redactions, and segments whose time is over."""

from tierce.storage.migrations import run

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add their tables."""
    run("v0017_segments.sql")
