"""What a provider knows by whom to forget, kept sealed with the session."""

from tierce.storage.migrations import run

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    """Make its column."""
    run("v0079.sql")
