"""What a process fails at while it goes on with the rest, and what a session last drew."""

from tierce.storage.migrations import run

revision = "0031"
down_revision = "0027"


def upgrade() -> None:
    """Add the names of the duties that fail, and the sequence of what is drawn."""
    run("v0031.sql")
