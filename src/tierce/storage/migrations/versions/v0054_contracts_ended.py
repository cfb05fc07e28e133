"""Contracts with insurers end, and what they had stored is deleted."""

from tierce.storage.migrations import run

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Create the table of ends."""
    run("v0054.sql")
