"""What is asked by page, by minute or by night is found by an index."""

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Change nothing: `sql/indexes.sql` has them, built after an upgrade, while their tables are written."""
