"""Look-up keys replaced: which generation each row is under, and which are kept."""

from tierce.storage.migrations import run

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    """Add the mark of a row, and the table of generations."""
    run("v0078.sql")
