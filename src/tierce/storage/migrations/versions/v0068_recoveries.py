"""What was paid and turns out not to be due, taken from a place's next transfers."""

from tierce.storage.migrations import run

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Make the tables of recoveries, of who said what of them, and of what each transfer took."""
    run("v0068.sql")
