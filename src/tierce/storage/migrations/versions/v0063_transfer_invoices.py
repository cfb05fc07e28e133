"""How many invoices a transfer pays, on its own row."""

from tierce.storage.migrations import run

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    """Count them for the transfers that there are."""
    run("v0063.sql")
