"""Every process learns the sessions that serve, in the order in which they were opened."""

from tierce.storage.migrations import run

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Find sessions by when they were opened."""
    run("v0042.sql")
