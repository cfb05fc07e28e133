"""Invoices in PostgreSQL, through functions of the session that one serves; no table of them is read."""

from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection

from tierce.billing.invoices.errors import TooManyInvoicesError
from tierce.billing.invoices.model import Beside, Found, OwnInvoice, OwnLine, Quoted, Sent
from tierce.billing.invoices.rules import CANCELLABLE, DECIDED
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.deposits.receipts import print_receipt
from tierce.journal.engagement import format_engagement
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, SessionId
from tierce.policy.documents import DocumentKind, kinds_of

Connection = AsyncConnection[Any]

Numbers = tuple[int | None, int | None, int | None]
"""What is quoted, as the database knows it: engagement, deposit, agreement."""
_QUOTE: Final[LiteralString] = (
    "select outcome, domain, first_day, last_day, sent_by, most, guaranteed, invoice, digest"
    " from care.quote_invoice(%s, %s, %s::bigint, %s::bigint, %s::bigint)"
)
_OWN: Final[LiteralString] = (
    "select id, reference, engagement, deposit, agreement, label, domain, care_day, at, state, reason, price, amo,"
    " asked, due, decided, cancelled, cancelled_why, transfer, said"
    " from care.own_invoices(%s, %s::bigint, %s::smallint, %s::bigint, %s)"
)


async def quote(connection: Connection, session: SessionId, reference: str, numbers: Numbers) -> Quoted:
    """What a quoted number guarantees; a number that is not the session's place's is counted against its line."""
    cursor = await connection.execute(_QUOTE, (session, reference, *numbers))
    row = await cursor.fetchone()
    assert row is not None
    found, domain, first, last, sent_by, most, guaranteed, invoice, digest = row
    return Quoted(
        Found(found), None if domain is None else Domain(domain), first, last, sent_by, most, guaranteed, invoice,
        bytes(digest or b""),
    )  # fmt: skip


async def undeclared(
    connection: Connection, session: SessionId, agreement: int
) -> tuple[int | None, tuple[DocumentKind, ...]]:
    """The last day to declare documents of an own agreement granted subject to them, None for another, and which."""
    cursor = await connection.execute(
        "select documents_by, coalesce(bit_or(1 << (d.kind - 1)) filter (where d.at is null), 0)"
        " from care.own_agreements(%s, %s, null, null, 1) a left join care.own_documents(%s, a.id) d on true"
        " group by documents_by",
        (session, agreement, session),
    )
    row = await cursor.fetchone()
    return (None, ()) if row is None else (row[0], kinds_of(row[1]))


async def keep(
    connection: Connection,
    session: SessionId,
    number: int,
    *,
    sent: Sent,
    quoted: Numbers,
    digest: bytes,
    entry: EntrySeq,
) -> None:
    """Keep an invoice whose journal line was written in this transaction.

    Raises:
        TooManyInvoicesError: those of the day, or of this engagement, are used up.
    """
    lines = sent.lines
    try:
        await connection.execute(
            "select care.keep_invoice(%s, %s, %s, %s::bigint, %s::bigint, %s::bigint, %s, %s, %s, %s, %s, %s,"
            " %s, %s)",
            (session, number, sent.reference, *quoted, sent.care_day, [one.item for one in lines],
             [one.quantity for one in lines], [one.price for one in lines], [one.amo for one in lines],
             [one.asked for one in lines], digest, entry),
        )  # fmt: skip
    except psycopg.errors.ProgramLimitExceeded:
        raise TooManyInvoicesError from None


async def beside(connection: Connection, session: SessionId, number: int) -> list[Beside]:
    """Other invoices of the session's place about the same engagement or receipt and day, sent before this one."""
    cursor = await connection.execute(
        "select reference, items, quantities from care.beside_invoice(%s, %s)", (session, number)
    )
    return [
        Beside(reference, tuple(zip(items, quantities, strict=True)))
        for reference, items, quantities in await cursor.fetchall()
    ]


async def own(
    connection: Connection,
    session: SessionId,
    keys: tuple[bytes, bytes],
    *,
    only: int | None = None,
    state: InvoiceState | None = None,
    after: int | None = None,
    at_most: int = 1,
) -> list[OwnInvoice]:
    """Invoices of the session's place, the newest first; numbers are printed with the engagement and receipt keys."""
    cursor = await connection.execute(_OWN, (session, only, state, after, at_most))
    return [_invoice(row, keys) for row in await cursor.fetchall()]


def _invoice(row: tuple[Any, ...], keys: tuple[bytes, bytes]) -> OwnInvoice:
    (
        number, reference, engagement, deposit, agreement, label, domain, care_day, at, state, reason, price, amo,
        asked, due, decided, cancelled, why, transfer, said,
    ) = row  # fmt: skip
    stands = InvoiceState(state)
    return OwnInvoice(
        number,
        reference,
        *_printed(keys, engagement, deposit, agreement),
        label,
        Domain(domain),
        date_of(care_day),
        at,
        stands,
        InvoiceReason(reason),
        price,
        amo,
        asked,
        due if stands in DECIDED else None,
        decided,
        cancelled,
        why,
        said,
        stands in CANCELLABLE and transfer is None,
    )


def _printed(
    keys: tuple[bytes, bytes], engagement: int | None, deposit: int | None, agreement: int | None
) -> tuple[str, str]:
    """What an invoice quotes, and which kind of number that is."""
    if engagement is not None:
        return format_engagement(keys[0], EntrySeq(engagement)), "engagement"
    return (str(agreement), "agreement") if deposit is None else (print_receipt(keys[1], deposit), "receipt")


async def granted(connection: Connection, session: SessionId, agreement: int) -> dict[str, int]:
    """The codes of one agreement of the session's place, and how often each was granted."""
    cursor = await connection.execute(
        "select item, sum(quantity) from care.own_agreement_lines(%s, %s) group by item", (session, agreement)
    )
    return {item: int(quantity) for item, quantity in await cursor.fetchall()}


async def own_lines(connection: Connection, session: SessionId, number: int) -> tuple[OwnLine, ...]:
    """The lines of one invoice of the session's place."""
    cursor = await connection.execute(
        "select n, item, quantity, price, amo, asked, due from care.own_invoice_lines(%s, %s)", (session, number)
    )
    return tuple(OwnLine(row[0], InvoiceLine(*row[1:6]), row[6]) for row in await cursor.fetchall())


async def cancel(connection: Connection, session: SessionId, number: int, why: str) -> int:
    """Take one back: 0 done, 1 too late, 2 none of this place's."""
    cursor = await connection.execute("select care.cancel_invoice(%s, %s, %s)", (session, number, why))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
