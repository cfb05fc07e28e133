"""Tariffs and benefits in PostgreSQL."""

from psycopg import Connection

from tierce.billing.pricing.model import Tables


def load_tables(connection: Connection, edition: int | None = None) -> Tables:
    """Read the tables as they are, or as they were at an earlier edition."""
    raise NotImplementedError
