"""Requests and reports in PostgreSQL: hers by role tierce_persons, everybody's by role tierce_office."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from tierce.kernel.clock import date_of, from_micros
from tierce.kernel.ids import EntrySeq, InsurerId, ProfessionalId
from tierce.kernel.saying import say_name
from tierce.persons.requests.model import (
    InsurerReply,
    ReportAnswer,
    ReportOutcome,
    RequestKind,
    RequestOutcome,
    RightsRequest,
    StaffReport,
)
from tierce.persons.requests.rules import report_due

LISTED_MAX = 200
_REQUEST: LiteralString = (
    "select id, kind, subject, insurers, made, due, forwarded, answer, answered from notice.rights_request"
)


def _request(row: TupleRow) -> RightsRequest:
    return RightsRequest(
        id=row[0],
        kind=RequestKind(row[1]),
        subject=row[2],
        insurers=tuple(InsurerId(one) for one in row[3]),
        made=row[4],
        due=row[5],
        forwarded=row[6],
        answer=RequestOutcome(row[7]) if row[7] else None,
        answered=row[8],
    )


def _with_replies(rows: list[TupleRow], replies: Iterable[TupleRow]) -> list[RightsRequest]:
    found: dict[int, list[InsurerReply]] = {}
    for request_, insurer, outcome, at in replies:
        found.setdefault(request_, []).append(InsurerReply(InsurerId(insurer), RequestOutcome(outcome), at))
    return [replace(_request(row), replies=tuple(found.get(row[0], ()))) for row in rows]


def insert(connection: Connection, handle: bytes, made: RightsRequest) -> bool:
    """Keep a request of whoever holds the session; False while another of hers about the same waits."""
    row = connection.execute(
        "select notice.make_request(%s, %s, %s, %s, %s::smallint[], %s, %s)",
        (handle, made.id, made.kind.value, made.subject, list(made.insurers), made.made, made.due),
    ).fetchone()
    return row == (True,)


def of_person(connection: Connection, handle: bytes) -> list[RightsRequest]:
    """The requests of whoever holds the session, the newest first."""
    rows = connection.execute("select * from notice.her_requests(%s)", (handle,)).fetchall()
    return _with_replies(rows, connection.execute("select * from notice.her_replies(%s)", (handle,)))


def own_reports(
    connection: Connection, handle: bytes, seqs: Collection[EntrySeq]
) -> dict[EntrySeq, tuple[datetime, ReportAnswer]]:
    """When she reported these lines of hers, those that she did, and what she was answered."""
    rows = connection.execute(
        "select seq, at, answer, answered from notice.her_reports(%s, %s)", (handle, sorted(seqs))
    ).fetchall()
    return {
        EntrySeq(row[0]): (
            row[1],
            ReportAnswer(report_due(row[1]), ReportOutcome(row[2]) if row[2] else None, row[3]),
        )
        for row in rows
    }


def waiting_first(connection: Connection) -> list[RightsRequest]:
    """Requests, those without an answer first, the soonest due before; whose they are is not read."""
    rows = connection.execute(f"{_REQUEST} order by answered is not null, due limit %s", (LISTED_MAX,)).fetchall()
    replies = connection.execute(
        "select request, insurer, outcome, at from notice.request_reply where request = any(%s) order by at",
        ([row[0] for row in rows],),
    )
    return _with_replies(rows, replies)


def request(connection: Connection, number: int) -> RightsRequest | None:
    """One request, locked until the transaction ends."""
    row = connection.execute(f"{_REQUEST} where id = %s for update", (number,)).fetchone()
    return _request(row) if row else None


def forward(connection: Connection, number: int, at: datetime, by: str) -> bool:
    """Keep when and by whom a request went to the insurers; False when it went, or was answered, meanwhile."""
    cursor = connection.execute(
        "update notice.rights_request set forwarded = %s, forwarded_by = %s"
        " where id = %s and forwarded is null and answered is null",
        (at, by, number),
    )
    return cursor.rowcount == 1


def answer(connection: Connection, number: int, outcome: RequestOutcome, at: datetime, by: str) -> bool:
    """Keep the answer to a request; False when somebody answered meanwhile."""
    cursor = connection.execute(
        "update notice.rights_request set answer = %s, answered = %s, answered_by = %s"
        " where id = %s and answered is null",
        (outcome.value, at, by, number),
    )
    return cursor.rowcount == 1


def staff_reports(connection: Connection) -> list[StaffReport]:
    """Reports, those without an answer first, the oldest before; with the account or the place, never the person."""
    rows = connection.execute(
        "select r.id, r.seq, r.at, journal.u64(e.body, 8), e.professional, p.given_name || ' ' || p.family_name,"
        " r.answer, r.answered, t.name, coalesce(b.care_day, i.care_day)"
        " from notice.person_report r left join journal.entry e on e.seq = r.seq"
        " left join directory.professional p on p.id = e.professional"
        " left join care.billed b on b.id = r.billed left join care.invoice i on i.id = r.invoice"
        " left join directory.establishment t on t.id = coalesce(b.establishment, i.establishment)"
        " where e.seq is not null or b.id is not null or i.id is not null"
        " order by r.answered is not null, r.at limit %s",
        (LISTED_MAX,),
    )
    return [_report(row) for row in rows]


def _report(row: tuple[Any, ...]) -> StaffReport:
    return StaffReport(
        id=row[0],
        seq=None if row[1] is None or row[4] is None else EntrySeq(row[1]),
        at=row[2],
        due=report_due(row[2]),
        asked_at=None if row[3] is None else from_micros(row[3]),
        professional=None if row[4] is None else ProfessionalId(row[4]),
        name=say_name(row[5] or "") or None,
        answer=ReportOutcome(row[6]) if row[6] else None,
        answered=row[7],
        place=row[8],
        care_day=None if row[9] is None else date_of(row[9]),
    )


def answer_report(connection: Connection, number: int, outcome: ReportOutcome, at: datetime, by: str) -> bool:
    """Keep the answer to a report; False when it has one, or there is no such report."""
    cursor = connection.execute(
        "update notice.person_report set answer = %s, answered = %s, answered_by = %s"
        " where id = %s and answered is null",
        (outcome.value, at, by, number),
    )
    return cursor.rowcount == 1


@dataclass(frozen=True, slots=True, repr=False)
class SlipToMake:
    """A request that an insurer is to be told of, and to which key. Its repr shows nothing."""

    request: int
    kind: str
    subject: str
    made: datetime
    due: datetime
    person: int
    insurer: int
    recipient_id: int
    recipient: str
    sealed: bytes | None

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "SlipToMake(...)"


def slips_to_make(connection: Connection, at_most: int) -> list[SlipToMake]:
    """Requests sent on to an insurer with a key, without their slip; role tierce_notices."""
    rows = connection.execute(
        "select request, kind, subject, made, due, person, insurer, recipient_id, recipient, sealed"
        " from notice.slips_to_make(%s)",
        (at_most,),
    ).fetchall()
    return [SlipToMake(*row) for row in rows]


def keep_slip(connection: Connection, one: SlipToMake, sealed: bytes) -> None:
    """Keep the slip of one request for one insurer."""
    connection.execute(
        "insert into notice.request_slip (request, insurer, recipient, sealed) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (one.request, one.insurer, one.recipient_id, sealed),
    )
