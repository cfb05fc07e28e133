"""Prior agreements granted subject to documents."""

from tierce.storage.migrations import run

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    """Make what holds them."""
    run("v0083.sql")
