"""First look-ups told, care billed, insurers' answers to requests; secrecy confirmed by another."""

from tierce.storage.migrations import run

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add their tables."""
    run("v0026_space.sql")
