"""Deposits left while closed, and what insurers guarantee then."""

from tierce.storage.migrations import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create both tables."""
    run("v0011_deposits.sql")
