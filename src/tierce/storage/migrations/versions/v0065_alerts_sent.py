"""Alerts that we send to other operators: what staff said, and one signed token for each of them."""

from tierce.storage.migrations import run

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Make the tables of alerts sent, and say where each operator takes them."""
    run("v0065.sql")
