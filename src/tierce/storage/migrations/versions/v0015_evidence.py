"""Evidence of the watch, unexplained disclosures, releases by two, appeals."""

from tierce.storage.migrations import run

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add their tables."""
    run("v0015_evidence.sql")
