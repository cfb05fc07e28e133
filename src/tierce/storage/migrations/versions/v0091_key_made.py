"""Since when a data key serves."""

from tierce.storage.migrations import run

revision = "0091"
down_revision = "0089"


def upgrade() -> None:
    """Tell how old each data key is."""
    run("v0091.sql")
