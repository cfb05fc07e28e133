"""Agreements that nothing decides, and who of the staff refuses one."""

from tierce.storage.migrations import run

revision = "0089"
down_revision = "0087"


def upgrade() -> None:
    """Keep why one waits, and who said what of it."""
    run("v0089.sql")
