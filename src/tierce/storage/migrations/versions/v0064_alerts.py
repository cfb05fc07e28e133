"""Alerts between operators: who may send them, what came, and what was taken back."""

from tierce.storage.migrations import run

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Make the tables of peers and of what they sent, and let an alert end."""
    run("v0064.sql")
