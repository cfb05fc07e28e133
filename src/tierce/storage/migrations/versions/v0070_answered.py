"""What an insurer answered on the way, by the engagement that it gave."""

from tierce.storage.migrations import run

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    """Make the table, and put there what lay among periods of cover."""
    run("v0070.sql")
