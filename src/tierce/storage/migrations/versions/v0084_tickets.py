"""Sessions of staff, insurers' people and persons tied to a browser's key."""

from tierce.storage.migrations import run

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    """Keep the key with each session, and the tickets and challenges of minutes."""
    run("v0084.sql")
