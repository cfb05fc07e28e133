"""Requests of one insurer's people, through the handle of its session and after a committed line."""

from psycopg import Connection

from tierce.insurers.requests.model import InsurerRequest
from tierce.kernel.ids import EntrySeq
from tierce.persons.requests.model import RequestKind, RequestOutcome


def own(connection: Connection, handle: bytes, line: EntrySeq) -> list[InsurerRequest]:
    """Its requests, those that wait first, the soonest due before."""
    rows = connection.execute(
        "select request, kind, subject, made, due, forwarded, answered, outcome, replied, replied_by, slip"
        " from notice.own_requests(%s, %s)",
        (handle, line),
    ).fetchall()
    return [
        InsurerRequest(
            row[0], RequestKind(row[1]), row[2], row[3], row[4], row[5], row[6],
            RequestOutcome(row[7]) if row[7] else None, row[8], row[9], row[10],
        )
        for row in rows
    ]  # fmt: skip


def slip(connection: Connection, handle: bytes, line: EntrySeq, request: int) -> bytes | None:
    """The encrypted slip of one of its requests."""
    row = connection.execute("select notice.take_slip(%s, %s, %s)", (handle, line, request)).fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def reply(connection: Connection, handle: bytes, line: EntrySeq, request: int, word: str) -> bool:
    """Keep its answer; False when there is nothing of its own to answer so."""
    row = connection.execute("select notice.reply_request(%s, %s, %s, %s)", (handle, line, request, word)).fetchone()
    return bool(row and row[0])
