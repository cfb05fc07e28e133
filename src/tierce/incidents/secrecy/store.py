"""Secrecy in PostgreSQL, by role tierce_office: its functions hold two people, whatever this process says."""

from datetime import datetime

from psycopg import Connection

from tierce.incidents.secrecy.model import Asked, Secrecy, Standing
from tierce.kernel.ids import IncidentId, StaffId


def standing(connection: Connection, incident: IncidentId) -> Standing:
    """What was asked of an incident, and what holds or held last."""
    asked = connection.execute(
        "select until, why, staff, name, at from incident.secrecy_ask where incident = %s", (incident,)
    ).fetchone()
    last = connection.execute(
        'select until, why, "by", at, confirmed_by, ended_by from incident.secrecy where incident = %s', (incident,)
    ).fetchone()
    return Standing(
        Asked(asked[0], asked[1], StaffId(asked[2]), asked[3], asked[4]) if asked else None,
        Secrecy(*last) if last else None,
    )


def ask(connection: Connection, incident: IncidentId, asked: Asked) -> bool:
    """Keep what one writes; False when another's waits to be confirmed, or there is no such incident."""
    row = connection.execute(
        "select incident.ask_secrecy(%s, %s, %s, %s, %s)",
        (incident, asked.until, asked.why, asked.staff, asked.name),
    ).fetchone()
    return bool(row and row[0])


def confirm(connection: Connection, incident: IncidentId, staff: StaffId, name: str, at: datetime) -> bool:
    """Confirm what another wrote, exactly as it was at `at`; False when it is one's own, or there is none."""
    row = connection.execute(
        "select incident.confirm_secrecy(%s, %s, %s, %s)", (incident, staff, name, at)
    ).fetchone()
    return bool(row and row[0])


def end(connection: Connection, incident: IncidentId, name: str) -> bool:
    """End it, and drop what waits; False when there is nothing to end."""
    row = connection.execute("select incident.end_secrecy(%s, %s)", (incident, name)).fetchone()
    return bool(row and row[0])
