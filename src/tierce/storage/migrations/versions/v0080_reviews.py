"""Requests for an agreement that a person of the insurer decides."""

from tierce.storage.migrations import run

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    """Make what holds them."""
    run("v0080.sql")
