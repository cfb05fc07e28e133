"""Accounts by what stays unexplained beyond the usual delay."""

from tierce.storage.migrations import run

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add the queue by account and the counts by day."""
    run("v0036.sql")
