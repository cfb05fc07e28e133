"""Her items that left, through the session whose handle she holds."""

from psycopg import Connection

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language
from tierce.notices.audience.model import Channel, Pair
from tierce.notices.model import ReadOfHer
from tierce.persons.letters.model import Row


def own(connection: Connection, handle: bytes) -> list[Row]:
    """One row for each pair of hers on an item that left, the newest item first."""
    rows = connection.execute(
        "select audience, item, incident, day, language, channel, left_at, represented, digest, facts,"
        " person, insurer, cohort, insurer_name, categories, first_at, last_at, entries"
        " from notice.own_messages(%s)"
        " order by left_at desc, audience, item, insurer",
        (handle,),
    ).fetchall()
    return [
        Row(
            audience=row[0],
            item=row[1],
            incident=IncidentId(row[2]),
            day=row[3],
            language=Language(row[4]),
            channel=Channel(row[5]),
            left_at=row[6],
            represented=row[7],
            digest=None if row[8] is None else bytes(row[8]),
            facts=row[9],
            pair=Pair(PersonId(row[10]), InsurerId(row[11]), Cohort(row[12])),
            read=None if row[14] is None else ReadOfHer(row[13], DataCategory(row[14]), row[15], row[16], row[17]),
        )
        for row in rows
    ]
