"""An insurer's periods are found by the stretches of pages that they lie in."""

from tierce.storage.migrations import run

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Sum up which insurers each stretch of pages holds."""
    run("v0039.sql")
