"""Alerts between operators: who may send them, what came, and what was taken back."""

from tierce.storage.migrations import run

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Make the tables of peers and of what they sent, and let an alert end."""
    run("v0062.sql")
