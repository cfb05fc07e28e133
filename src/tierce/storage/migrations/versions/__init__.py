"""Alembic migrations: each runs one plain SQL file."""
