"""The first schema."""

from tierce.storage.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    run("schema.sql")
