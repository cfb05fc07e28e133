"""notice.counted: one row an incident, replaced whole."""

from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import Audience, Counts
from tierce.notices.counted.model import Due, ToldRow

_DUE: LiteralString = """
    select a.id, a.incident, a.revision, a.digest, a.salt, a.pairs, a.items, a.frozen_at,
           coalesce(n.aware_at, n.signal_at)
    from incident.incident n
    cross join lateral (select * from notice.audience a where a.incident = n.id
                        order by a.frozen_at desc, a.entry desc limit 1) a
    left join notice.counted c on c.incident = n.id
    where a.pairs > %(more)s
      and (c.incident is null or now() - c.as_of > %(rest)s * c.took)
      and (c.audience, c.revision, c.since, c.last_step) is distinct from (
          a.id, (select max(s.revision) from incident.scope s where s.incident = n.id),
          coalesce(n.aware_at, n.signal_at), (select coalesce(max(p.id), 0) from notice.step p))"""


def due(connection: Connection, more: int, rest: int) -> list[Due]:
    """The newest audiences of more than `more` pairs that changed since their count, `rest` times that count ago."""
    rows = connection.execute(_DUE, {"more": more, "rest": rest}).fetchall()
    return [
        Due(
            Audience(row[0], IncidentId(row[1]), row[2], bytes(row[3]), bytes(row[4]), *row[5:8]),
            IncidentId(row[1]),
            row[8],
        )
        for row in rows
    ]


def told(connection: Connection, incident: IncidentId, since: datetime) -> list[ToldRow]:
    """Count pairs told, as the inspector's page does, with the memory of a transaction that does nothing else."""
    connection.execute("set local work_mem = '64MB'")
    rows = connection.execute("select insurer, cohort, minute, pairs from notice.told(%s, %s)", (incident, since))
    return [(row[0], row[1], row[2], row[3]) for row in rows.fetchall()]


_KEEP: LiteralString = """
    insert into notice.counted as c (incident, audience, revision, since, last_step, as_of, took, told, counts)
    select %(i)s, %(a)s, max(s.revision), %(since)s, (select coalesce(max(p.id), 0) from notice.step p), now(),
           clock_timestamp() - now(), %(told)s, %(counts)s
    from incident.scope s where s.incident = %(i)s
    on conflict (incident) do update set audience = excluded.audience, revision = excluded.revision,
        since = excluded.since, last_step = excluded.last_step, as_of = excluded.as_of, took = excluded.took,
        told = excluded.told, counts = excluded.counts"""


def keep(connection: Connection, one: Due, rows: list[ToldRow], counts: Counts) -> None:
    """Keep what was counted in this transaction, which saw one state of the database from its beginning."""
    connection.execute(
        _KEEP,
        {
            "i": one.incident,
            "a": one.audience.id,
            "since": one.since,
            "told": Jsonb(rows),
            "counts": Jsonb(msgspec.to_builtins(counts, str_keys=True)),
        },
    )


def kept_counts(connection: Connection, audience: Audience) -> tuple[Counts, datetime] | None:
    """What was last counted of this audience, and when; None when it was not."""
    row = connection.execute(
        "select counts, as_of from notice.counted where audience = %s", (audience.id,)
    ).fetchone()
    return None if row is None else (msgspec.convert(row[0], Counts, strict=False), row[1])
