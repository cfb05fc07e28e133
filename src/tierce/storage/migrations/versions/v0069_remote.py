"""Insurers that keep their people themselves: whom to ask, whom was asked about, asks without an answer yet."""

from tierce.storage.migrations import run

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    """Make their tables."""
    run("v0069.sql")
