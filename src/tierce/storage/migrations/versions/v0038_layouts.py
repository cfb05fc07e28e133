"""An import of the directory keeps the layout of its file."""

from tierce.storage.migrations import run

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Let each layout have its last day."""
    run("v0038.sql")
