"""What the database lets each role of ours do in a compartment, read from its own catalogue."""

from collections.abc import Iterable

from psycopg import Connection

from tierce.incidents.statements.model import Privileges

_PRIVILEGES = """
    select r.rolname, n.nspname, x.object, x.privilege
    from pg_roles r cross join pg_namespace n
    cross join lateral (
        select 'schema' as object, p as privilege from unnest(array['USAGE', 'CREATE']) p
        where has_schema_privilege(r.oid, n.oid, p)
        union all
        select c.relname, p from pg_class c, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
        where c.relnamespace = n.oid and c.relkind in ('r', 'v', 'm', 'p', 'f')
          and (has_table_privilege(r.oid, c.oid, p)
               or p in ('SELECT', 'INSERT', 'UPDATE') and has_any_column_privilege(r.oid, c.oid, p))
        union all
        select f.proname, 'EXECUTE' from pg_proc f
        where f.pronamespace = n.oid and has_function_privilege(r.oid, f.oid, 'EXECUTE')
          and has_schema_privilege(r.oid, n.oid, 'USAGE')) x
    where r.rolname like 'tierce\\_%%' and r.rolcanlogin and n.nspname = any(%s)"""


def privileges(connection: Connection, schemas: Iterable[str]) -> Privileges:
    """What every role that can log in may do in these schemas, on its tables, columns and functions."""
    rows = connection.execute(_PRIVILEGES, (sorted(set(schemas)),)).fetchall()
    return Privileges(tuple(sorted(" ".join(row) for row in rows)))
