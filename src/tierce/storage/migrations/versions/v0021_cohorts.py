"""Cohorts of a list, whom it cannot settle, what changed since the list before."""

from tierce.storage.migrations import run

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add their tables, and count the lists that are stored already."""
    run("v0021_cohorts.sql")
