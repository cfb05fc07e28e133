"""The register of breaches."""

from tierce.storage.migrations import run

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add its table."""
    run("v0020_register.sql")
