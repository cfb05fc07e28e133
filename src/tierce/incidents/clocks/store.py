"""What the clocks read of notices and messages: who was told, by when, and how many are not."""

from datetime import datetime

from psycopg import Connection

from tierce.incidents.clocks.model import Untold
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.policy.reached import UNFINISHED, State


def notices_sent(connection: Connection, number: IncidentId) -> dict[InsurerId, datetime]:
    """When each insurer was first sent a notice of an incident by the platform itself."""
    rows = connection.execute(
        "select insurer, min(sent_at) from notice.warning where incident = %s and sent_at is not null"
        " group by insurer",
        (number,),
    )
    return {InsurerId(insurer): sent for insurer, sent in rows.fetchall()}


def changed_since(connection: Connection, number: IncidentId) -> dict[InsurerId, datetime]:
    """Insurers of whom a list made after the last notice that left to them has more, and when that list was made.

    Whom they were told of before is not whom that list adds, or shows with other data.
    """
    rows = connection.execute(
        """
        select d.insurer, max(s.at)
        from incident.difference d join incident.scope s using (incident, revision)
        where d.incident = %(number)s and d.added + d.changed > 0
          and d.revision > coalesce((select max(w.revision) from notice.warning w where w.incident = %(number)s
                                     and w.insurer = d.insurer and w.sent_at is not null), 0)
        group by d.insurer""",
        {"number": number},
    )
    return {InsurerId(insurer): at for insurer, at in rows.fetchall()}


def untold(connection: Connection, number: IncidentId, published: datetime | None) -> Untold:
    """Whom an incident's newest audience has not told; nobody before one is frozen.

    Args:
        connection: of a role that may call notice.untold.
        number: the incident.
        published: when the last public notice came out, to the minute.
    """
    row = connection.execute(
        "select unfinished, waiting, come_back, newer_list from notice.untold(%s, %s, %s::smallint[], %s::smallint)",
        (number, published, sorted(UNFINISHED), State.PUBLIC.value),
    ).fetchone()
    assert row is not None
    return Untold(*row)
