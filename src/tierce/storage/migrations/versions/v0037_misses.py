"""A miss holds its seat for ten days: the pair memory tells it from a person shown."""

from tierce.storage.migrations import run

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Let a pair be a miss."""
    run("v0037.sql")
