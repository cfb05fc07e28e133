"""Counting what is too large for a page, and what a page then says."""

from datetime import datetime

from psycopg import Connection, IsolationLevel

from tierce.notices.audience.model import Audience, Counts
from tierce.notices.audience.service import counts as count
from tierce.notices.counted import store
from tierce.notices.counted.model import LIVE_AT_MOST, REST


def count_large(connection: Connection, more: int = LIVE_AT_MOST, rest: int = REST) -> int:
    """Count every audience of more than `more` pairs of which something changed; how many were.

    Over a connection of role tierce_notices in autocommit mode. Each is counted in one state of the database.
    """
    done = 0
    for one in store.due(connection, more, rest):
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            with connection.transaction():
                rows = store.told(connection, one.incident, one.since)
                store.keep(connection, one, rows, count(connection, one.audience))
        finally:
            connection.isolation_level = None
        done += 1
    return done


def counts_shown(
    connection: Connection, audience: Audience, more: int = LIVE_AT_MOST
) -> tuple[Counts, datetime | None]:
    """Counts for a page, and when they were kept; None with what was counted now.

    What nobody counted yet is counted now, however large: slow is better than nothing.
    """
    kept = store.kept_counts(connection, audience) if audience.pairs > more else None
    return (count(connection, audience), None) if kept is None else kept
