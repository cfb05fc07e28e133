"""Messages to the people exposed: audiences, texts, approvals, attempts, batches of letters."""

from tierce.storage.migrations import run

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add their tables."""
    run("v0023_messages.sql")
