"""Agreements in PostgreSQL, through functions of the session that one serves; no table of them is read."""

from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection

from tierce.billing.agreements.errors import TooManyAgreementsError
from tierce.billing.agreements.model import (
    AgreementKind,
    AgreementState,
    OwnAgreement,
    OwnDocument,
    Quoted,
    Sought,
)
from tierce.billing.agreements.rules import CANCELLABLE
from tierce.billing.invoices.model import Found, OwnLine
from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.journal.engagement import format_engagement
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, SessionId
from tierce.policy.documents import DocumentKind

Connection = AsyncConnection[Any]

_OWN: Final[LiteralString] = (
    "select id, reference, kind, engagement, label, domain, care_day, until_day, at, state, reason, price, amo,"
    " asked, due, answer_by, documents_by, decided, ended, cancelled_why, invoice, invoiced_as, said"
    " from care.own_agreements(%s, %s::bigint, %s::smallint, %s::bigint, %s)"
)


async def quote(connection: Connection, session: SessionId, reference: str, engagement: int) -> Quoted:
    """What a quoted number allows; a number that is not the session's place's is counted against its line."""
    cursor = await connection.execute(
        "select outcome, domain, first_day, sent_by, agreement, digest from care.quote_agreement(%s, %s, %s)",
        (session, reference, engagement),
    )
    row = await cursor.fetchone()
    assert row is not None
    found, domain, first, sent_by, agreement, digest = row
    known = None if domain is None else Domain(domain)
    return Quoted(Found(found), known, first, sent_by, agreement, bytes(digest or b""))


async def keep(
    connection: Connection,
    session: SessionId,
    number: int,
    *,
    sought: Sought,
    engagement: int,
    digest: bytes,
    entry: EntrySeq,
) -> None:
    """Keep an agreement whose journal line was written in this transaction.

    Raises:
        TooManyAgreementsError: those of the day, or of this engagement, are used up.
    """
    lines = sought.lines
    try:
        await connection.execute(
            "select care.keep_agreement(%s, %s, %s, %s, %s::smallint, %s, %s, %s, %s, %s, %s, %s)",
            (session, number, sought.reference, engagement, sought.kind.value, [one.item for one in lines],
             [one.quantity for one in lines], [one.price for one in lines], [one.amo for one in lines],
             [one.asked for one in lines], digest, entry),
        )  # fmt: skip
    except psycopg.errors.ProgramLimitExceeded:
        raise TooManyAgreementsError from None


async def own(
    connection: Connection,
    session: SessionId,
    key: bytes,
    *,
    only: int | None = None,
    state: AgreementState | None = None,
    after: int | None = None,
    at_most: int = 1,
) -> list[OwnAgreement]:
    """Agreements of the session's place, the newest first; engagement numbers are printed with their key."""
    cursor = await connection.execute(_OWN, (session, only, state, after, at_most))
    return [_agreement(row, key) for row in await cursor.fetchall()]


def _agreement(row: tuple[Any, ...], key: bytes) -> OwnAgreement:
    (
        number, reference, kind, engagement, label, domain, first, last, at, state, reason, price, amo, asked, due,
        answer_by, documents_by, decided, ended, why, invoice, invoiced_as, said,
    ) = row  # fmt: skip
    stands = AgreementState(state)
    return OwnAgreement(
        number,
        reference,
        AgreementKind(kind),
        format_engagement(key, EntrySeq(engagement)),
        label,
        Domain(domain),
        date_of(first),
        None if last is None else date_of(last),
        at,
        stands,
        InvoiceReason(reason),
        price,
        amo,
        asked,
        None if decided is None else due,
        None if answer_by is None else date_of(answer_by),
        None if documents_by is None else date_of(documents_by),
        decided,
        ended,
        why,
        invoice,
        invoiced_as,
        stands in CANCELLABLE and invoice is None,
        said,
    )


async def own_lines(connection: Connection, session: SessionId, number: int) -> tuple[OwnLine, ...]:
    """The lines of one agreement of the session's place."""
    cursor = await connection.execute(
        "select n, item, quantity, price, amo, asked, due from care.own_agreement_lines(%s, %s)", (session, number)
    )
    return tuple(OwnLine(row[0], InvoiceLine(*row[1:6]), row[6]) for row in await cursor.fetchall())


async def own_documents(connection: Connection, session: SessionId, number: int) -> tuple[OwnDocument, ...]:
    """What one agreement of the session's place is subject to, with the last declaration of each."""
    cursor = await connection.execute(
        "select kind, dated, rpps, digest, at from care.own_documents(%s, %s)", (session, number)
    )
    return tuple(
        OwnDocument(DocumentKind(kind), None if at is None else date_of(dated), rpps, digest and bytes(digest), at)
        for kind, dated, rpps, digest, at in await cursor.fetchall()
    )


async def cancel(connection: Connection, session: SessionId, number: int, why: str) -> int:
    """Take one back: 0 done, 1 too late, 2 none of this place's."""
    cursor = await connection.execute("select care.cancel_agreement(%s, %s, %s)", (session, number, why))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
