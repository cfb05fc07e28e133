"""Several periods of one insurer, conventions, the day of care of an engagement."""

from tierce.storage.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is new; every row is kept."""
    run("v0002.sql")
