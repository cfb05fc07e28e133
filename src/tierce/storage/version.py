"""The version of the schema: what this program knows, what a database has, and what is left to be built.

Light, so that a command which upgrades nothing does not load what upgrades: that takes a third of a second.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final, LiteralString

import psycopg

from tierce.storage.errors import SchemaOtherError

INDEXES: Final = "indexes.sql"
_STORED: Final[LiteralString] = "select version_num from registry_meta.schema_version"
_NOT_TOLD: Final = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)
"""What a schema says of before every role might read its version, and a database that has none."""
_STEP: Final = re.compile(r"v(\d{4})_\w+\.py")


def read_sql(name: str) -> str:
    """Return one of our SQL files."""
    return (files("tierce.storage") / "sql" / name).read_text(encoding="utf-8")


@cache
def head_version() -> str:
    """The version of the schema that this program knows: the last number of its steps, each a file named by it."""
    steps = (files("tierce.storage") / "migrations" / "versions").iterdir()
    return max(found[1] for found in map(_STEP.fullmatch, (step.name for step in steps)) if found)


def stored_version(connection: psycopg.Connection) -> str | None:
    """The version of the schema in the database, or None when it has none."""
    if connection.execute("select to_regclass('registry_meta.schema_version') is null").fetchone() == (True,):
        return None
    row = connection.execute(_STORED).fetchone()
    return None if row is None else str(row[0])


def insist_on_schema(connection: psycopg.Connection) -> None:
    """Refuse a database that is behind this program or ahead of it, as any role; ends the transaction it began.

    Raises:
        SchemaOtherError: it is at another schema.
    """
    try:
        row = connection.execute(_STORED).fetchone()
    except _NOT_TOLD:
        row = None
    connection.rollback()
    _same(row)


async def insist_on_schema_async(connection: psycopg.AsyncConnection[Any]) -> None:
    """The same, beside other work.

    Raises:
        SchemaOtherError: it is at another schema.
    """
    try:
        row = await (await connection.execute(_STORED)).fetchone()
    except _NOT_TOLD:
        row = None
    await connection.rollback()
    _same(row)


def _same(row: tuple[Any, ...] | None) -> None:
    found = None if row is None else str(row[0])
    if found != head_version():
        raise SchemaOtherError(found, head_version())


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
