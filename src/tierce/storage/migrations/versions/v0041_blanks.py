"""A refusal writes a pair of nobody, so that its answer takes the time of a miss."""

from tierce.storage.migrations import run

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Let a pair be nobody's."""
    run("v0041.sql")
