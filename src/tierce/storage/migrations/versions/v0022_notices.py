"""Written mandates, and contact data lent for one incident."""

from tierce.storage.migrations import run

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add their tables."""
    run("v0022_notices.sql")
