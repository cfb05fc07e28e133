"""The text of every policy that was in force, beside its digest."""

from tierce.storage.migrations import run

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    """Make the table of texts."""
    run("v0076.sql")
