"""Of the bank's files keyed numbers take the place of its own texts."""

from tierce.storage.migrations import run

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    """Change their tables."""
    run("v0071.sql")
