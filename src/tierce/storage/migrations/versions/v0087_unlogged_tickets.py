"""Tickets and challenges of minutes outlive no crash."""

from tierce.storage.migrations import run

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    """Give tickets without waiting for the disk."""
    run("v0087.sql")
