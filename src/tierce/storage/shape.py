"""What the database is made of beside its rows, object by object, held to what this version was tested with.

A privilege taken away, a trigger put to sleep, a column added by hand: nothing else says so, and the night's first
question fails by it. Only what every version of PostgreSQL says in the same words is compared.
"""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final, LiteralString

import psycopg

from tierce.storage.granted import SCHEMAS, objects_of
from tierce.storage.roles import ROLES

SHAPE_FILE: Final = "shape.txt"
_OF_TABLES: Final[LiteralString] = """
    select n.nspname || '.' || c.relname,
        concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped
    union all
    select n.nspname || '.' || c.relname, concat_ws(' ', 'constraint', k.conname, k.contype, k.convalidated)
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and k.contype <> 'n'
    union all
    select n.nspname || '.' || c.relname, concat_ws(' ', 'index', x.relname, i.indisunique, i.indisvalid)
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = any(%(schemas)s)
    union all
    select s.of_table, concat_ws(' ', 'trigger', s.name, s.tgenabled, count(*))
    from (select n.nspname || '.' || c.relname as of_table, t.tgenabled,
              case when t.tgisinternal then 'of a constraint' else t.tgname end as name
          from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = any(%(schemas)s)) s
    group by s.of_table, s.name, s.tgenabled"""
_FUNCTIONS: Final[LiteralString] = """
    select n.nspname || '.' || p.proname,
        concat_ws(' ', p.prosecdef, array_to_string(p.proconfig, ','), md5(p.prosrc))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(%(schemas)s)"""


def shape(connection: psycopg.Connection) -> dict[str, str]:
    """Of each table, function and role a digest; any role may ask."""
    said: dict[str, list[str]] = defaultdict(list)
    parameters = {"schemas": list(SCHEMAS)}
    for name, line in connection.execute(_OF_TABLES, parameters):
        said[f"table {name}"].append(line)
    for name, line in connection.execute(_FUNCTIONS, parameters):
        said[f"function {name}"].append(line)
    for role in ROLES:
        granted = objects_of(connection, role)
        # What is granted on the database itself is the operator's, whose other programs may share it.
        said[f"role {role}"] = [f"{name} {held}" for name, held in granted.items() if name != "database"]
    return {name: sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16] for name, lines in said.items()}


def written(found: Mapping[str, str]) -> str:
    """As the file that is kept."""
    return "".join(f"{digest} {name}\n" for name, digest in sorted(found.items()))


def altered(connection: psycopg.Connection) -> list[str]:
    """The objects that are not as this version of the program was tested with, missing and added ones too."""
    text = (files("tierce.storage") / "sql" / SHAPE_FILE).read_text("utf-8")
    wanted = {name: digest for digest, _, name in (line.partition(" ") for line in text.splitlines())}
    found = shape(connection)
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
