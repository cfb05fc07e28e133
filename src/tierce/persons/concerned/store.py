"""The rows of one person on the lists of incidents, through the session whose handle she holds."""

from psycopg import Connection
from psycopg.errors import ConfigurationLimitExceeded

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.persons.concerned.model import Row
from tierce.persons.errors import AskedTooOftenError


def rows_of(connection: Connection, handle: bytes) -> list[Row]:
    """One row or more for each established incident; none before the line that says she asks is committed.

    Raises:
        AskedTooOftenError: she asked too often in a day.
    """
    try:
        found = connection.execute(
            "select incident, day, signal_at, listed_at, whole, insurer, confirmed, categories, first_at, last_at"
            " from gate.person_concerned(%s)",
            (handle,),
        ).fetchall()
    except ConfigurationLimitExceeded:
        raise AskedTooOftenError from None
    return [
        Row(
            incident=IncidentId(row[0]),
            day=row[1],
            signal_at=row[2],
            listed_at=row[3],
            whole=row[4],
            insurer=None if row[5] is None else InsurerId(row[5]),
            confirmed=bool(row[6]),
            categories=DataCategory(row[7] or 0),
            first_at=row[8],
            last_at=row[9],
        )
        for row in found
    ]
