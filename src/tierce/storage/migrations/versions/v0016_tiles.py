"""Hashes of the tree leave for tiles; one row per block in it."""

from tierce.storage.migrations import run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Move them."""
    run("v0016_tiles.sql")
