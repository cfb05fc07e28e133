"""Progress, refusals and put-off lines of a feed; what each period was last told by."""

from tierce.storage.migrations import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what is new; every row is kept."""
    run("v0005.sql")
