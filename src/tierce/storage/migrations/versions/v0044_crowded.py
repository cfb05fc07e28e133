"""A common line keeps how many work with it."""

from tierce.storage.migrations import run

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Add the count, and have the worker take the largest first."""
    run("v0044.sql")
