"""What an incident's own row says of its stage."""

from datetime import datetime

from psycopg import Connection

from tierce.kernel.ids import IncidentId


def set_dismissed(connection: Connection, incident: IncidentId, at: datetime) -> None:
    """Say since when an incident is proved not to be a breach; awareness written after that takes it back."""
    connection.execute("update incident.incident set dismissed_at = %s where id = %s", (at, incident))
