"""What is asked by page, by minute or by night is found by an index."""

from tierce.storage.migrations import build

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Find activities, lines, names, reports, answers and deposits by what they are asked by."""
    build("v0043.sql")
