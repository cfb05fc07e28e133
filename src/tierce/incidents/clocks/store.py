"""An incident's own two times, as the clocks correct them."""

from datetime import datetime

from psycopg import Connection

from tierce.kernel.ids import IncidentId


def set_signal(connection: Connection, incident: IncidentId, at: datetime) -> None:
    """Write when something was first noticed."""
    connection.execute("update incident.incident set signal_at = %s where id = %s", (at, incident))


def set_aware(connection: Connection, incident: IncidentId, at: datetime, by: str, why: str) -> None:
    """Write since when, by whom and why the breach is known: it is one, whatever was written before."""
    connection.execute(
        "update incident.incident set aware_at = %s, aware_by = %s, aware_why = %s, dismissed_at = null"
        " where id = %s",
        (at, by, why, incident),
    )
