"""Answers to persons' reports and requests, and what an authority asks to be told later."""

from tierce.storage.migrations import run

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add their tables."""
    run("v0024_space.sql")
