"""E-mails to a professional of what is done in her name."""

from tierce.storage.migrations import run

revision = "0082"
down_revision = "0080"


def upgrade() -> None:
    """Have one road for them."""
    run("v0082.sql")
