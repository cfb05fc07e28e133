"""Who may do what in the database, read from its own catalogue and rendered as one readable page."""

from collections import defaultdict
from importlib.resources import files

import psycopg

from tierce.storage.roles import ROLES

SCHEMAS = (
    "registry registry_meta person coverage contact bank care directory access journal incident notice gate upkeep"
    " presence public"
).split()
HEAD = """\
What each process's database role may do, read from a migrated database and compared by a test.
A role not listed under an object may do nothing with it; `portal` has no role. Columns follow in brackets when
the privilege is on them alone. Functions run as tierce_owner, who cannot log in.
"""
DIGEST_FILE = "granted.sha256"

_TABLES = """
    select n.nspname, c.relname, p.privilege from pg_class c join pg_namespace n on n.oid = c.relnamespace,
        unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(privilege)
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'v', 'm', 'p', 'f')
      and has_table_privilege(%(role)s, c.oid, p.privilege) order by 1, 2, 3"""
_COLUMNS = """
    select n.nspname, c.relname, p.privilege, array_agg(a.attname::text order by a.attname::text)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid,
        unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p(privilege)
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'v', 'm', 'p', 'f') and a.attnum > 0
      and not a.attisdropped and not has_table_privilege(%(role)s, c.oid, p.privilege)
      and has_column_privilege(%(role)s, c.oid, a.attnum, p.privilege)
    group by 1, 2, 3 order by 1, 2, 3"""
_SEQUENCES = """
    select n.nspname, c.relname, p.privilege from pg_class c join pg_namespace n on n.oid = c.relnamespace,
        unnest(array['USAGE', 'SELECT', 'UPDATE']) p(privilege)
    where n.nspname = any(%(schemas)s) and c.relkind = 'S'
      and has_sequence_privilege(%(role)s, c.oid, p.privilege) order by 1, 2, 3"""
_FUNCTIONS = """
    select n.nspname, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any(%(schemas)s) and has_function_privilege(%(role)s, p.oid, 'EXECUTE') order by 1, 2"""
_SCHEMAS = """
    select n.nspname, p.privilege from pg_namespace n, unnest(array['USAGE', 'CREATE']) p(privilege)
    where n.nspname = any(%(schemas)s) and has_schema_privilege(%(role)s, n.oid, p.privilege) order by 1, 2"""
_DATABASE = """
    select p.privilege from unnest(array['CONNECT', 'CREATE', 'TEMPORARY']) p(privilege)
    where has_database_privilege(%(role)s, current_database(), p.privilege) order by 1"""


def objects_of(connection: psycopg.Connection, role: str) -> dict[str, list[str]]:
    """Everything that a role may do, by object; any role may ask."""
    parameters = {"role": role, "schemas": list(SCHEMAS)}
    found: dict[str, list[str]] = defaultdict(list)
    for (privilege,) in connection.execute(_DATABASE, parameters):
        found["database"].append(privilege.lower())
    for schema, privilege in connection.execute(_SCHEMAS, parameters):
        found[f"schema {schema}"].append(privilege.lower())
    for schema, name, privilege in connection.execute(_TABLES, parameters):
        found[f"table {schema}.{name}"].append(privilege.lower())
    for schema, name, privilege in connection.execute(_SEQUENCES, parameters):
        found[f"sequence {schema}.{name}"].append(privilege.lower())
    for schema, name, privilege, columns in connection.execute(_COLUMNS, parameters):
        found[f"table {schema}.{name}"].append(f"{privilege.lower()} ({', '.join(columns)})")
    for schema, name in connection.execute(_FUNCTIONS, parameters):
        found[f"function {schema}.{name}"].append("execute")
    return dict(found)


def render(connection: psycopg.Connection) -> str:
    """The whole page, one role after the other."""
    lines = [HEAD]
    for role in ROLES:
        lines.append(role)
        granted = objects_of(connection, role)
        lines += [f"    {name}: {', '.join(granted[name])}" for name in granted]
        lines.append("")
    return "\n".join(lines)


def printed_digest() -> str:
    """The SHA-256, in hexadecimal, of the page of grants that this version of the program was tested with."""
    return (files("tierce.storage") / "sql" / DIGEST_FILE).read_text("ascii").strip()
