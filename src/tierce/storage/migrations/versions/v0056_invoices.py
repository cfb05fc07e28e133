"""Invoices and their lines."""

from tierce.storage.migrations import run

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Make the tables of invoices in the compartment of care."""
    run("v0056.sql")
