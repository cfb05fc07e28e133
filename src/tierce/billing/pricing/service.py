"""The tables of today, read again when a row was added."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.billing.pricing.model import Tables
from tierce.billing.pricing.store import last_edition, load_tables


@dataclass(slots=True)
class Prices:
    """Tariffs and benefits as of their last edition; they are large, and rows are only added."""

    tables: Tables | None = None

    def today(self, connection: Connection) -> Tables:
        """Read them, unless they are those that were read before."""
        edition = last_edition(connection)
        if self.tables is None or self.tables.edition != edition:
            self.tables = load_tables(connection, edition)
        return self.tables
