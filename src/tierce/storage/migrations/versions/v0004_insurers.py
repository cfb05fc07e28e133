"""The insurers' site: sessions of insurers' staff, and the counts its pages read."""

from tierce.storage.migrations import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add its tables."""
    run("v0004_insurers.sql")
