"""An insurer chooses within how many days of the care a deposit must come."""

from tierce.storage.migrations import run

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Add the days; what was chosen before stays at the policy's three."""
    run("v0049.sql")
