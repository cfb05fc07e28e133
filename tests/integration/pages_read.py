"""How many pages the database reads of tables and of their indexes for a piece of work."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from tests.integration.conftest import Connect

MANY = 20_000
"""Rows of each table that grows for years."""
FEW_PAGES = 40
"""Pages that one statement may read of the tables named, where it reads rows of one subject."""


@dataclass
class Country:
    """A database that holds many of each, and what was read of it."""

    admin: psycopg.Connection
    connect: Connect

    def pages(self, working: psycopg.Connection, work: Callable[[], object], *tables: str) -> int:
        """Pages read of these tables and of their indexes while `working` does its work, once everything is known."""
        work()
        self.admin.execute("select pg_stat_force_next_flush()")
        before = self._read(working, tables)
        work()
        return self._read(working, tables) - before

    def _read(self, working: psycopg.Connection, tables: tuple[str, ...]) -> int:
        working.execute("select pg_stat_force_next_flush()")
        working.commit()
        row = self.admin.execute(
            "select sum(coalesce(heap_blks_read + heap_blks_hit, 0) + coalesce(idx_blks_read + idx_blks_hit, 0))"
            " from pg_statio_user_tables where relid = any(%s::regclass[])",
            (list(tables),),
        ).fetchone()
        assert row is not None
        return int(row[0])
