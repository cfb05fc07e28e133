"""Rows of an invented incident: a list, and whoever is on it, written as the lab's administrator."""

from datetime import datetime

from psycopg import Connection
from psycopg.types.json import Jsonb

from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId, InsurerId

_SHOWN = DataCategory.INSURER | DataCategory.GUARANTEES


def insert_incident(
    connection: Connection, incident: IncidentId, insurer: InsurerId, people: int, at: datetime
) -> None:
    """Store an insurer, and an established incident whose one list holds the persons 1 to `people`."""
    criteria = {"professionals": [501], "from_us": micros(at), "until_us": micros(at)}
    with connection.transaction():
        connection.execute(
            "insert into registry.insurer (id, amc, name) values (%s, '99100001', 'Mutuelle du Grand Chêne')",
            (insurer,),
        )
        connection.execute(
            "insert into incident.incident (id, title, signal_at, aware_at, aware_by, aware_why)"
            " values (%s, 'bench', %s, %s, 'bench', 'bench')",
            (incident, at, at),
        )
        connection.execute(
            "insert into incident.scope (incident, revision, criteria, gaps, unattributed, pending, digest, persons,"
            " entries, tree_size, at) values (%s, 1, %s, '[]', 0, 0, %s, %s, %s, 1, %s)",
            (incident, Jsonb(criteria), bytes(32), people, people, at),
        )
        connection.execute(
            "insert into incident.exposed (incident, revision, person, insurer, categories, first_at, last_at,"
            " entries, status, rule) select %s, 1, n, %s, %s, %s, %s, 1, 1, 'bench' from generate_series(1, %s) n",
            (incident, insurer, int(_SHOWN), at, at, people),
        )
