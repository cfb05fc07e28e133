"""Vendor software that may exchange its users' sign-ins for sessions."""

from tierce.storage.migrations import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table of registered software."""
    run("v0006_clients.sql")
