"""Rows of texts, approvals and stops."""

from datetime import datetime

import msgspec
from psycopg import Connection

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, StaffId
from tierce.notices.audience.model import Audience
from tierce.notices.messages.model import Approval, Kept, Message, Shown

_decoder = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as it is stored: JSON, one form only, so that its digest can be computed again."""
    once = msgspec.json.encode(message, order="deterministic")
    return msgspec.json.encode(_decoder.decode(once), order="deterministic")


def decode(facts: str) -> Message:
    """A message as it was stored."""
    return _decoder.decode(facts)


def insert(connection: Connection, kept: Kept, entry: int) -> None:
    """Store a message."""
    connection.execute(
        "insert into notice.message (id, incident, digest, facts, at, by, entry) values (%s, %s, %s, %s, %s, %s, %s)",
        (kept.id, kept.incident, kept.digest, encode(kept.message).decode(), kept.at, kept.by, entry),
    )


def newest(connection: Connection, incident: IncidentId) -> Kept | None:
    """The newest message of an incident."""
    row = connection.execute(
        "select id, digest, facts::text, at, by from notice.message where incident = %s"
        " order by at desc, entry desc limit 1",
        (incident,),
    ).fetchone()
    return Kept(row[0], incident, bytes(row[1]), decode(row[2]), row[3], row[4]) if row else None


def shown(connection: Connection, incident: IncidentId, revision: int) -> tuple[Shown, ...]:
    """All that was shown of each cohort of a list that has somebody."""
    rows = connection.execute(
        """
        with pair as (
            select case when categories & %(care)s <> 0 then 'invoices' else 'insured' end as cohort, categories,
                first_at, last_at
            from incident.exposed where incident = %(incident)s and revision = %(revision)s
            union all
            select 'professionals', categories, first_at, last_at
            from incident.exposed_professional where incident = %(incident)s and revision = %(revision)s)
        select cohort, bit_or(categories), min(first_at), max(last_at) from pair group by cohort""",
        {
            "care": int(DataCategory.MEDICAL | DataCategory.REIMBURSEMENTS),
            "incident": incident,
            "revision": revision,
        },
    ).fetchall()
    found = {row[0]: Shown(Cohort(row[0]), DataCategory(row[1]), row[2], row[3]) for row in rows}
    return tuple(found[one] for one in Cohort if one in found)


def approve(connection: Connection, audience: Audience, text: bytes, approval: Approval, entry: int) -> bool:
    """Store an approval; False when this member of staff gave it already."""
    cursor = connection.execute(
        "insert into notice.approval (audience, audience_digest, text_digest, staff, name, at, entry)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        (audience.id, audience.digest, text, approval.staff, approval.name, approval.at, entry),
    )
    return cursor.rowcount == 1


def approvals(connection: Connection, audience: Audience, text: bytes) -> list[Approval]:
    """Who approved exactly this audience and this text."""
    rows = connection.execute(
        "select staff, name, at from notice.approval"
        " where audience = %s and audience_digest = %s and text_digest = %s order by at",
        (audience.id, audience.digest, text),
    ).fetchall()
    return [Approval(StaffId(row[0]), row[1], row[2]) for row in rows]


def stop(connection: Connection, incident: IncidentId, by: str, reason: str, at: datetime) -> None:
    """Press the button."""
    connection.execute(
        "insert into notice.stop (incident, at, by, reason) values (%s, %s, %s, %s)", (incident, at, by, reason)
    )


def lift(connection: Connection, incident: IncidentId, by: str, at: datetime) -> bool:
    """Let messages go on; False when nothing stopped them."""
    cursor = connection.execute(
        "update notice.stop set lifted_at = %s, lifted_by = %s where incident = %s and lifted_at is null",
        (at, by, incident),
    )
    return cursor.rowcount > 0


def stopped(connection: Connection, incident: IncidentId) -> tuple[str, str] | None:
    """Who stopped the messages of an incident and why, while nobody let them go on.

    A secrecy stops them too, and that the incident proved to be no breach.
    """
    row = connection.execute(
        "select by, reason from ("
        "select by, reason, at from notice.stop where incident = %(one)s and lifted_at is null"
        ' union all select "by", why, at from incident.secrecy where incident = %(one)s and until > now()'
        " union all select coalesce(aware_by, ''), 'pas une violation / not a breach', dismissed_at"
        " from incident.incident where id = %(one)s and dismissed_at is not null) s"
        " order by at desc limit 1",
        {"one": incident},
    ).fetchone()
    return (row[0], row[1]) if row else None
