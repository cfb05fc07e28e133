"""The version of the schema: what this program knows, what a database has, and what is left to be built.

Light, so that a command which upgrades nothing does not load what upgrades: that takes a third of a second.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final, LiteralString

import psycopg

from tierce import __version__
from tierce.storage.errors import SchemaOtherError

INDEXES: Final = "indexes.sql"
ENDS_WITH_US: Final[LiteralString] = "set client_connection_check_interval = '1s'"
"""Of a connection that upgrades. While the server waits or works it does not look by itself whether somebody is still
there: for a command that was killed it would hold tables, or build an index for an hour that the next one drops."""
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


def program() -> str:
    """Which program this is, for whoever compares: its version, and the schema that it knows."""
    return f"{__version__}+{head_version()}"


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
    valid = _beside_tables(connection, valid=True)
    return [name for schema, name in _named() if (schema, name) not in valid]


def half_built(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Those of them whose building was stopped in its middle, by schema and name: of no use, and in the way."""
    begun = _beside_tables(connection, valid=False)
    return [one for one in _named() if one in begun]


def _named() -> list[tuple[str, str]]:
    found = re.findall(r"if not exists (\w+) on (\w+)\.", read_sql(INDEXES))
    return [(schema, name) for name, schema in found]


def _beside_tables(connection: psycopg.Connection, *, valid: bool) -> set[tuple[str, str]]:
    rows = connection.execute(
        "select s.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
        " join pg_namespace s on s.oid = c.relnamespace where i.indisvalid = %s",
        (valid,),
    ).fetchall()
    return {(schema, name) for schema, name in rows}
