"""Keyed numbers of whom a deposit is about, at its place."""

from tierce.storage.migrations import run

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    """Add the two numbers."""
    run("v0077.sql")
