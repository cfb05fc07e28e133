"""An incident is opened once on what its opener had seen; a list with fewer people waits for a second person."""

from tierce.storage.migrations import run

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Add both tables, empty: what was opened before is found by its list."""
    run("v0047.sql")
