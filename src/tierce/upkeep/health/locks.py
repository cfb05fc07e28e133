"""The advisory locks by which our processes are one of a kind, and who else holds one: its numbers are anybody's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from tierce.billing.deciding.store import LOCK as BILLING_LOCK
from tierce.controls.store import SNAPSHOT_LOCK
from tierce.deposits.store import RESOLVER_LOCK
from tierce.journal.segments.store import SEALER_LOCK
from tierce.journal.store import SEQUENCER_LOCK
from tierce.notices.telling.store import TURN_LOCK
from tierce.registry.progress.store import REMOVAL_LOCK
from tierce.registry.store import IMPORT_LOCK
from tierce.storage.roles import ROLES

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
    "own-mail": "tierce-own-mail",
    "wishes": "tierce-wishes",
    "lists": "tierce-lists",
}
"""Each by the text of which PostgreSQL makes its number."""
WRITING: Final = 118
"""The first of the two numbers of what `journal.writes` takes: one that is held keeps windows open, or lines out."""
WRITING_SECONDS_MAX: Final = 3_600
"""No transaction of ours writes lines for as long."""
_WORKER, _NOTICES = ("tierce_worker",), ("tierce_notices",)
HOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "sequencer": _WORKER,
    "sealer": _WORKER,
    "deposits": _WORKER,
    "controls": _WORKER,
    "import": ("tierce_feed", "tierce_upkeep"),
    "notices": _NOTICES,
    "own-mail": _NOTICES,
    "wishes": _NOTICES,
    "billing": ("tierce_billing",),
    "lists": ("tierce_office",),
}
"""The roles whose processes take a lock; any of ours takes those left out. Another one with it was stolen."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A session that holds a lock of ours, and its role: not ours, or none of those that take this lock."""

    lock: str
    pid: int
    role: str


def foreign(connection: Connection) -> list[Foreign]:
    """Sessions of this database that hold a lock which is none of theirs: it is waited for in silence.

    One of the lines' own that is older than any transaction of ours is none of anybody's.
    """
    names = [*OURS, *NAMED, "writing"]
    rows = connection.execute(
        "with ours(name, number, parts) as ("
        "  select *, 1 from unnest(%s::text[], %s::bigint[])"
        "  union all select n, hashtextextended(t, 0), 1 from unnest(%s::text[], %s::text[]) x(n, t)"
        "  union all select 'writing', %s, 2),"
        " holders(name, roles) as (select n, string_to_array(r, ' ') from unnest(%s::text[], %s::text[]) x(n, r))"
        " select o.name, l.pid, coalesce(a.usename, '?') from pg_locks l"
        " join ours o on o.number = case o.parts when 2 then l.classid::bigint"
        "   else (l.classid::bigint << 32) | l.objid::bigint end"
        " join holders h on h.name = o.name"
        " left join pg_stat_activity a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.objsubid = o.parts and l.granted"
        "   and l.database = (select d.oid from pg_database d where d.datname = current_database())"
        "   and (coalesce(a.usename, '?') <> all(h.roles)"
        "        or o.parts = 2 and l.objid::bigint * 10 < extract(epoch from clock_timestamp()) - %s) order by 1, 2",
        (
            *(list(OURS), list(OURS.values()), list(NAMED), list(NAMED.values()), WRITING),
            *(names, [" ".join(HOLDERS.get(name, ROLES)) for name in names], WRITING_SECONDS_MAX),
        ),
    ).fetchall()
    return [Foreign(*row) for row in rows]
