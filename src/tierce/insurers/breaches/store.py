"""Reads and writes through functions that take the session's handle and answer for its insurer alone."""

from collections.abc import Iterator

from psycopg import Connection
from psycopg.errors import CheckViolation

from tierce.insurers.breaches.errors import ReportAddsUpError
from tierce.insurers.breaches.model import Notice, Reader, Recipient, ReportRow
from tierce.kernel.ids import EntrySeq, IncidentId
from tierce.notices.mandates.model import OF_NUMBER
from tierce.notices.slices.model import HandOver, Report
from tierce.notices.slices.store import hand_over_of
from tierce.notices.telling.model import ContactPoint, WarningKind
from tierce.notices.telling.service import decode_document


def notices(connection: Connection, reader: Reader, line: EntrySeq) -> list[Notice]:
    """Every notice that left for the insurer, the newest first, once `line` is committed."""
    rows = connection.execute("select * from notice.own_notices(%s, %s)", (reader.handle, line)).fetchall()
    return [
        Notice(
            incident=IncidentId(row[0]),
            revision=row[1],
            kind=WarningKind(row[2]),
            dismissed_at=row[3],
            persons=row[4],
            document=decode_document(row[5]) if row[5] else None,
            draft=row[6],
            left_at=row[7],
            acknowledged_at=row[8],
            acknowledged_by=row[9],
            mandate=OF_NUMBER.get(row[10]),
        )
        for row in rows
    ]


def acknowledge(connection: Connection, reader: Reader, line: EntrySeq, incident: IncidentId, revision: int) -> int:
    """Acknowledge a notice and the earlier ones of its incident; how many were not yet."""
    row = connection.execute(
        "select notice.acknowledge(%s, %s, %s, %s)", (reader.handle, line, incident, revision)
    ).fetchone()
    assert row is not None
    return int(row[0])


def chain(connection: Connection, reader: Reader) -> list[ContactPoint]:
    """Whom we warn at the insurer, in order."""
    rows = connection.execute("select * from notice.own_chain(%s)", (reader.handle,)).fetchall()
    return [ContactPoint(0, reader.insurer, *row) for row in rows]


def hand_overs(connection: Connection, reader: Reader) -> list[HandOver]:
    """The insurer's lists, the newest first."""
    rows = connection.execute("select * from notice.own_hand_overs(%s)", (reader.handle,)).fetchall()
    return [hand_over_of(row, reader.insurer) for row in rows]


def take(connection: Connection, reader: Reader, line: EntrySeq, hand_over: int) -> bool:
    """Say that this session takes a list; False when it is not one of the insurer's."""
    row = connection.execute("select notice.take(%s, %s, %s)", (reader.handle, line, hand_over)).fetchone()
    return row is not None and bool(row[0])


def piece(connection: Connection, reader: Reader, hand_over: int, number: int) -> bytes | None:
    """One piece of a list that this session took."""
    row = connection.execute("select notice.piece(%s, %s, %s)", (reader.handle, hand_over, number)).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def reports(connection: Connection, reader: Reader) -> list[ReportRow]:
    """The insurer's reports, the newest first."""
    rows = connection.execute("select * from notice.own_reports(%s)", (reader.handle,)).fetchall()
    return [
        ReportRow(
            incident=IncidentId(row[0]),
            revision=row[1],
            matched=row[2],
            minors=row[3],
            deceased=row[4],
            ambiguous=row[5],
            not_found=row[6],
            unexplained=tuple(row[7]),
            told=row[8],
            at=row[9],
            name=row[10],
        )
        for row in rows
    ]


def put_report(
    connection: Connection, reader: Reader, line: EntrySeq, number: int, incident: IncidentId, report: Report
) -> int | None:
    """Take a report in; gives the records that it accounts for, None when no list was handed over.

    Raises:
        ReportAddsUpError: its counts do not add up to the list.
    """
    counts = [report.matched, report.minors, report.deceased, report.ambiguous, report.not_found]
    try:
        row = connection.execute(
            "select notice.report_in(%s, %s, %s, %s, %s::bigint[], %s::text[], %s::text[], %s::timestamptz[],"
            " %s::bigint[])",
            (
                reader.handle,
                line,
                number,
                incident,
                counts,
                list(report.unexplained),
                [one.channel for one in report.told],
                [one.hour for one in report.told],
                [one.people for one in report.told],
            ),
        ).fetchone()
    except CheckViolation:
        raise ReportAddsUpError from None
    return None if row is None or row[0] is None else int(row[0])


def recipients(connection: Connection, reader: Reader) -> list[Recipient]:
    """The insurer's keys, the newest first."""
    rows = connection.execute("select * from notice.own_recipients(%s)", (reader.handle,)).fetchall()
    return [Recipient(*row) for row in rows]


def propose(
    connection: Connection, reader: Reader, line: EntrySeq, number: int, recipient: str, challenge: bytes
) -> None:
    """Propose a key, with the SHA-256 of what its holder must decrypt."""
    connection.execute(
        "select notice.propose_recipient(%s, %s, %s, %s, %s)", (reader.handle, line, number, recipient, challenge)
    )


def prove(connection: Connection, reader: Reader, recipient: int, answer: bytes) -> bool:
    """Say what was decrypted; True when it is right."""
    row = connection.execute(
        "select notice.prove_recipient(%s, %s, %s)", (reader.handle, recipient, answer)
    ).fetchone()
    return row is not None and bool(row[0])


def confirm(connection: Connection, reader: Reader, line: EntrySeq, recipient: int) -> bool:
    """Confirm a proved key that somebody else proposed."""
    row = connection.execute(
        "select notice.confirm_recipient(%s, %s, %s)", (reader.handle, line, recipient)
    ).fetchone()
    return row is not None and bool(row[0])


def pieces(connection: Connection, reader: Reader, one: HandOver) -> Iterator[bytes]:
    """A list's pieces in order."""
    for number in range(one.pieces):
        found = piece(connection, reader, one.id, number)
        if found is not None:
            yield found
