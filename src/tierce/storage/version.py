"""The version of the schema: what this program knows, what a database has, and what is left to be built.

Light, so that a command which upgrades nothing does not load what upgrades: that takes a third of a second.
"""

import re
from importlib.resources import files
from typing import Final

import psycopg

INDEXES: Final = "indexes.sql"
_STEP: Final = re.compile(r"v(\d{4})_\w+\.py")


def read_sql(name: str) -> str:
    """Return one of our SQL files."""
    return (files("tierce.storage") / "sql" / name).read_text(encoding="utf-8")


def head_version() -> str:
    """The version of the schema that this program knows: the last number of its steps, each a file named by it."""
    steps = (files("tierce.storage") / "migrations" / "versions").iterdir()
    return max(found[1] for found in map(_STEP.fullmatch, (step.name for step in steps)) if found)


def stored_version(connection: psycopg.Connection) -> str | None:
    """The version of the schema in the database, or None when it has none."""
    if connection.execute("select to_regclass('registry_meta.schema_version') is null").fetchone() == (True,):
        return None
    row = connection.execute("select version_num from registry_meta.schema_version").fetchone()
    return None if row is None else str(row[0])


def unbuilt(connection: psycopg.Connection) -> list[str]:
    """The indexes of large tables that an upgrade left to be built when it was stopped, by name."""
    named = re.findall(r"if not exists (\w+) on (\w+)\.", read_sql(INDEXES))
    rows = connection.execute(
        "select n.name from unnest(%s::text[], %s::text[]) n(name, at) where not exists (select from pg_index i"
        " join pg_class c on c.oid = i.indexrelid join pg_namespace s on s.oid = c.relnamespace"
        " where i.indisvalid and (c.relname, s.nspname) = (n.name, n.at))",
        ([name for name, _ in named], [schema for _, schema in named]),
    ).fetchall()
    return [name for (name,) in rows]
