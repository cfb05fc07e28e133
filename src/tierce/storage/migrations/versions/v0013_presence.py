"""Presence: keys of signers and peers, codes of places, cards said aloud, answers of persons, proofs."""

from alembic import op

from tierce.storage.migrate import read_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the schema."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(read_sql("v0013_presence.sql").encode())
