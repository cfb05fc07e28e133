"""Counts of audiences, kept with their time."""

from tierce.storage.migrations import run

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    """Make the table in which counts of millions are kept."""
    run("v0059.sql")
