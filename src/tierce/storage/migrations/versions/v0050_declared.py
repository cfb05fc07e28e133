"""Who declared a substitute, and from which device; how long a card said aloud serves."""

from tierce.storage.migrations import run

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    """Add the columns; whoever was declared from a session is known by its login, not by its device."""
    run("v0050.sql")
