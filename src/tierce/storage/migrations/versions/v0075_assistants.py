"""Assistants of a professional, who sign in as themselves: names, codes, passkeys."""

from tierce.storage.migrations import run

revision = "0075"
down_revision = "0071"


def upgrade() -> None:
    """Make their tables."""
    run("v0075.sql")
