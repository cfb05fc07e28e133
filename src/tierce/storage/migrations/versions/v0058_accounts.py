"""Establishments' accounts."""

from tierce.storage.migrations import run

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Make the tables of the compartment `bank`."""
    run("v0058.sql")
