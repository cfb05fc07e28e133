"""The advisory locks by which our processes are one of a kind, and who else holds one: its numbers are anybody's."""

from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from tierce.billing.deciding.store import LOCK as BILLING_LOCK
from tierce.controls.store import SNAPSHOT_LOCK
from tierce.deposits.store import RESOLVER_LOCK
from tierce.journal.segments.store import SEALER_LOCK
from tierce.journal.store import SEQUENCER_LOCK
from tierce.notices.telling.store import TURN_LOCK
from tierce.registry.store import IMPORT_LOCK
from tierce.storage.roles import ROLES
from tierce.upkeep.rotation.lookups.store import REMOVAL_LOCK

OURS: Final = {
    "sequencer": SEQUENCER_LOCK,
    "sealer": SEALER_LOCK,
    "import": IMPORT_LOCK,
    "deposits": RESOLVER_LOCK,
    "controls": SNAPSHOT_LOCK,
    "notices": TURN_LOCK,
    "removal": REMOVAL_LOCK,
}
"""Each by its number; those of migrations and restores are the administrator's, who is no role of ours."""
NAMED: Final = {
    "billing": BILLING_LOCK,
    "accounts": "tierce-accounts",
    "wishes": "tierce-wishes",
    "lists": "tierce-lists",
}
"""Each by the text of which PostgreSQL makes its number."""
WRITING: Final = 118
"""The first of the two numbers of what `journal.writes` takes: one that is held keeps windows open, or lines out."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A session of a role that is not ours, and the lock of ours that it holds."""

    lock: str
    pid: int
    role: str


def foreign(connection: Connection) -> list[Foreign]:
    """Sessions of this database that hold a lock of ours and are of no role of ours: it is waited for in silence."""
    rows = connection.execute(
        "with ours(name, number, parts) as ("
        "  select *, 1 from unnest(%s::text[], %s::bigint[])"
        "  union all select n, hashtextextended(t, 0), 1 from unnest(%s::text[], %s::text[]) x(n, t)"
        "  union all select 'writing', %s, 2)"
        " select o.name, l.pid, coalesce(a.usename, '?') from pg_locks l"
        " join ours o on o.number = case o.parts when 2 then l.classid::bigint"
        "   else (l.classid::bigint << 32) | l.objid::bigint end"
        " left join pg_stat_activity a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.objsubid = o.parts and l.granted"
        "   and l.database = (select d.oid from pg_database d where d.datname = current_database())"
        "   and coalesce(a.usename, '?') <> all(%s::text[]) order by 1, 2",
        (list(OURS), list(OURS.values()), list(NAMED), list(NAMED.values()), WRITING, list(ROLES)),
    ).fetchall()
    return [Foreign(*row) for row in rows]
