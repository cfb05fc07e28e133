"""What the bank replied, read from its files."""

from tierce.storage.migrations import run

revision = "0067"
down_revision = "0065"


def upgrade() -> None:
    """Make the tables of the bank's files and of what they say."""
    run("v0067.sql")
