"""Ceilings drawn from by lease; software that asks in bulk."""

from tierce.storage.migrations import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Replace the meters and add the column."""
    run("v0010_leases.sql")
