"""What our registers hold of what another operator names, and how far the journal answers."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from tierce.kernel.clock import micros
from tierce.scope.indicators.model import Reach
from tierce.scope.store import kept_from


def devices(connection: Connection, thumbprints: Sequence[bytes]) -> dict[bytes, int]:
    """The devices of these thumbprints that are known."""
    rows = connection.execute(
        "select thumbprint, id from access.device where thumbprint = any(%s)", (list(thumbprints),)
    )
    return {bytes(thumbprint): number for thumbprint, number in rows}


def software(connection: Connection, names: Sequence[str]) -> dict[str, frozenset[int]]:
    """The software of these names in small letters; vendors may share one."""
    rows = connection.execute(
        "select lower(name), array_agg(id) from directory.software where lower(name) = any(%s) group by 1",
        (list(names),),
    )
    return {name: frozenset(numbers) for name, numbers in rows}


def reach(connection: Connection, size: int, settled: datetime) -> Reach:
    """How far the journal answers under the first `size` leaves.

    From the earliest line kept when a segment reached the end of its time, else from the beginning; until the first
    batch that no checkpoint covers yet, else until `settled`, after which lines may still be committed.
    """
    row = connection.execute(
        "select min(b.at) from journal.batch b left join journal.placed p using (block)"
        " where p.first_idx is null or p.first_idx >= %s",
        (size,),
    ).fetchone()
    first = row[0] if row else None
    return Reach(kept_from(connection), micros(min(settled, first) if first else settled))
