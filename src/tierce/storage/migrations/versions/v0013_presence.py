"""Presence: keys of signers and peers, codes of places, cards said aloud, answers of persons, proofs."""

from tierce.storage.migrations import run

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the schema."""
    run("v0013_presence.sql")
