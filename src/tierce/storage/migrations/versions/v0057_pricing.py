"""Tariffs of items and benefits of products."""

from tierce.storage.migrations import run

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """Make the two tables by which an invoice's lines are priced."""
    run("v0057.sql")
