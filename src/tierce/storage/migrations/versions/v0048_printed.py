"""What cards print leads to an insurer, where several share an AMC number."""

from tierce.storage.migrations import run

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Add the table; until an insurers' file fills it, each card prints its insurer's own number."""
    run("v0048.sql")
