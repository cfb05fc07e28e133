"""Accounts sealed a second time, to whoever takes files to the bank."""

from tierce.storage.migrations import run

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Give accounts a place for their copy."""
    run("v0062.sql")
