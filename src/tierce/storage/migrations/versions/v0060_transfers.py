"""Grouped transfers."""

from tierce.storage.migrations import run

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Make the tables of batches, transfers, what they paid and who approved them."""
    run("v0060.sql")
