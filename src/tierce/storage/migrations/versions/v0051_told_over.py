"""A session ends here when its provider says that it ended there."""

from tierce.storage.migrations import run

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Add two tables; sessions opened before are not found by what a provider says, and end by themselves."""
    run("v0051.sql")
