"""Her invoices, through the session whose handle she holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.model import BY_STAFF, InvoiceReason, InvoiceState
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq
from tierce.kernel.saying import say_name
from tierce.persons.billed.model import Agreed, Billed, DeclaredDocument, Told
from tierce.persons.requests.model import ReportAnswer, ReportOutcome
from tierce.persons.requests.rules import report_due
from tierce.policy.documents import DocumentKind

LISTED_MAX = 200


def own(connection: Connection, handle: bytes) -> list[Billed]:
    """Her invoices, the newest care first."""
    rows = connection.execute(
        "select b.id,"
        " case when position(t.town in t.name) > 0 then t.name else t.name || ' (' || t.town || ')' end,"
        " b.care_day, b.at, b.asked, b.withdrawn, b.reported, b.answer, b.answered,"
        " b.domain, b.state, b.price, b.amo, b.claimed, b.due, b.recovered, b.reason"
        " from notice.own_billed(%s, %s) b join directory.establishment t on t.id = b.establishment"
        " order by b.care_day desc, b.at desc, b.id",
        (handle, LISTED_MAX),
    ).fetchall()
    return [
        Billed(
            id=row[0],
            place=row[1],
            care_day=date_of(row[2]),
            at=row[3],
            asked=row[4],
            withdrawn=row[5],
            reported_at=row[6],
            reply=_reply(row[6], row[7], row[8]) if row[6] else None,
            told=None if row[9] is None else _told(row[9:]),
        )
        for row in rows
    ]


def _told(row: Sequence[Any]) -> Told:
    domain, state, price, amo, claimed, due, recovered, reason = row
    return Told(Domain(domain), InvoiceState(state), price, amo, claimed, due, recovered, reason in BY_STAFF)


def agreements(connection: Connection, handle: bytes) -> list[Agreed]:
    """What was asked before care in her name, the newest first."""
    rows = connection.execute(
        "select a.ask,"
        " case when position(t.town in t.name) > 0 then t.name else t.name || ' (' || t.town || ')' end,"
        " a.kind, a.at, a.domain, a.state, a.asked, a.due, a.until_day, a.ended, a.reported, a.answer, a.answered,"
        " a.id, a.documents_by, a.reason"
        " from notice.own_agreements(%s, %s) a join directory.establishment t on t.id = a.establishment"
        " order by a.at desc, a.ask",
        (handle, LISTED_MAX),
    ).fetchall()
    documents = _documents(connection, handle) if any(row[14] is not None for row in rows) else {}
    return [
        Agreed(
            ask=EntrySeq(row[0]),
            place=row[1],
            kind=AgreementKind(row[2]),
            at=row[3],
            domain=Domain(row[4]),
            state=AgreementState(row[5]),
            asked=row[6],
            due=row[7],
            until=None if row[8] is None else date_of(row[8]),
            ended=row[9],
            reported_at=row[10],
            reply=_reply(row[10], row[11], row[12]) if row[10] else None,
            documents_by=None if row[14] is None else date_of(row[14]),
            lapsed=row[5] == AgreementState.EXPIRED and row[15] == InvoiceReason.DOCUMENTS_MISSING,
            undecidable=row[15] in BY_STAFF,
            contract_ended=row[5] == AgreementState.EXPIRED and row[15] == InvoiceReason.CONTRACT_ENDED,
            documents=tuple(documents.get(row[13], ())),
        )
        for row in rows
    ]


def _documents(connection: Connection, handle: bytes) -> dict[int, list[DeclaredDocument]]:
    """What was declared for her agreements, in its order, by agreement."""
    rows = connection.execute(
        "select d.agreement, d.kind, d.dated, case when d.prescriber is not null then"
        "  coalesce(s.given_name || ' ' || s.family_name, '?') end, d.digest,"
        " coalesce(p.given_name || ' ' || p.family_name, '?'), d.at"
        " from notice.own_documents(%s) d left join directory.professional p on p.id = d.professional"
        " left join directory.professional s on s.id = d.prescriber order by d.agreement, d.at",
        (handle,),
    ).fetchall()
    found: dict[int, list[DeclaredDocument]] = {}
    for number, kind, dated, prescriber, digest, by, at in rows:
        signed = None if prescriber is None else say_name(prescriber)
        one = DeclaredDocument(DocumentKind(kind), date_of(dated), signed, bytes(digest), say_name(by), at)
        found.setdefault(number, []).append(one)
    return found


def _reply(reported: datetime, answer: str | None, answered: datetime | None) -> ReportAnswer:
    return ReportAnswer(report_due(reported), ReportOutcome(answer) if answer else None, answered)


def report(connection: Connection, handle: bytes, number: int, which: UUID) -> int:
    """Keep "it was not me" to one invoice: 0 kept, 1 it was before, 2 not hers (notice.report_billed)."""
    row = connection.execute("select notice.report_billed(%s, %s, %s)", (handle, number, which)).fetchone()
    assert row is not None
    return int(row[0])
