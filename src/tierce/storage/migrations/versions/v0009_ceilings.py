"""How many people are shown or opened in a day at most; finding somebody of the directory by name."""

from tierce.storage.migrations import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a table and indexes."""
    run("v0009_ceilings.sql")
