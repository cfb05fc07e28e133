"""A professional's session has its browser's key from the first."""

from tierce.storage.migrations import run

revision = "0095"
down_revision = "0093"


def upgrade() -> None:
    """Keep the key with which an assistant's sign-in began."""
    run("v0095.sql")
