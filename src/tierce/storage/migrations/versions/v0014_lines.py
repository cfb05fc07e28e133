"""Lines of establishments and common lines, proofs that give seats back, and who works with which software."""

from tierce.storage.migrations import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add columns and tables; give every establishment at work its line."""
    run("v0014_lines.sql")
