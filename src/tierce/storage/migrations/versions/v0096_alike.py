"""Copies of civil status bear what tells that two people may be one."""

from tierce.storage.migrations import run

revision = "0096"
down_revision = "0095"


def upgrade() -> None:
    """Add what an import writes from now on; nothing is rewritten."""
    run("v0096.sql")
