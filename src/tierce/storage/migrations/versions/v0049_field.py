"""Insurers choose the days of their deposits, and each département overseas is a cell of its own."""

from tierce.storage.migrations import run

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Add the days, three for what was chosen before; count lines, accounts and holds of 97 under 971 to 976."""
    run("v0049.sql")
