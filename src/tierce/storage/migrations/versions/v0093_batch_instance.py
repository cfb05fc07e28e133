"""A batch without a reference to its instance, which the functions that write it look for."""

from tierce.storage.migrations import run

revision = "0093"
down_revision = "0092"


def upgrade() -> None:
    """Stop locking an instance's row for each batch."""
    run("v0093.sql")
