"""A proof of each key of which another file would serve in silence."""

from tierce.storage.migrations import run

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    """Have the database know a file that is not its own."""
    run("v0092.sql")
