"""Answers past their time are found by an index."""

from tierce.storage.migrations import build

revision = "0054"
down_revision = "0046"


def upgrade() -> None:
    """Find answers by the day until which they are quoted, and labels in the order in which they were typed."""
    build("v0054.sql")
