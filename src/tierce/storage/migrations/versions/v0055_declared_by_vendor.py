"""Answers with a declared reading are counted by vendor and profession."""

from tierce.storage.migrations import run

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Say of each declared answer whose software declared it, and count them so by day."""
    run("v0055.sql")
