"""Which lifts of the watch's own holds the watch has taken note of."""

from tierce.storage.migrations import run

revision = "0035"
down_revision = "0031"


def upgrade() -> None:
    """Add the mark, set for every lift whose evidence was spent before."""
    run("v0035.sql")
