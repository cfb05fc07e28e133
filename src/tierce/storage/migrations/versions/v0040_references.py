"""An incident's reference stays what it was; a batch of letters says who took it."""

from tierce.storage.migrations import run

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Keep the day that a reference bears, and who took a batch."""
    run("v0040.sql")
