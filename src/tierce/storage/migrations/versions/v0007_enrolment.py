"""Enrolment, substitutes, and the directory's past."""

from tierce.storage.migrations import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables and columns; whoever was already at work stays a client."""
    run("v0007_enrolment.sql")
