"""Rows of insurers' keys, as the office vouches for them."""

from psycopg import Connection

from tierce.kernel.ids import EntrySeq, InsurerId, StaffId
from tierce.notices.recipients.model import Waiting


def waiting(connection: Connection) -> list[Waiting]:
    """Keys that wait for the operator's word, the oldest first."""
    rows = connection.execute(
        "select id, insurer, recipient, proposed_name, confirmed_name, confirmed_at from notice.recipient"
        " where confirmed_at is not null and vouched_at is null order by confirmed_at"
    ).fetchall()
    return [Waiting(row[0], InsurerId(row[1]), *row[2:]) for row in rows]


def vouch(connection: Connection, key: int, staff: StaffId, name: str, spoken_with: str, entry: EntrySeq) -> bool:
    """Write that a member of staff vouches for a key; False when it does not wait for that."""
    cursor = connection.execute(
        "update notice.recipient set vouched_at = now(), vouched_by = %s, vouched_name = %s, spoken_with = %s,"
        " vouched_entry = %s where id = %s and confirmed_at is not null and vouched_at is null",
        (staff, name, spoken_with, entry, key),
    )
    return cursor.rowcount == 1
