"""Insurers' keys are vouched for by the operator's own staff."""

from tierce.storage.migrations import run

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add who vouched."""
    run("v0027_messages.sql")
