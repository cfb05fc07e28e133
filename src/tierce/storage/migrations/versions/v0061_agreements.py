"""Prior agreements: what is granted before the care, and reserves caps."""

from tierce.storage.migrations import run

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    """Make the tables of agreements, and let an invoice quote one."""
    run("v0061.sql")
