"""Declarations in PostgreSQL, through functions of the session that one serves; no table of them is read."""

from typing import Any

import psycopg
from psycopg import AsyncConnection

from tierce.billing.agreements.documents.model import Awaits, Declared, Prescriber, Subject
from tierce.billing.agreements.errors import TooManyDocumentsError
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import day_of
from tierce.kernel.ids import EntrySeq, SessionId
from tierce.policy.documents import kinds_of

Connection = AsyncConnection[Any]


async def subject_of(connection: Connection, session: SessionId, number: int) -> Subject:
    """What a declaration for one agreement of the session's place is held to; it is locked until it is kept."""
    cursor = await connection.execute(
        "select outcome, domain, documents, asked_by from care.quote_document(%s, %s)", (session, number)
    )
    row = await cursor.fetchone()
    assert row is not None
    awaits, domain, documents, asked_by = row
    return Subject(Awaits(awaits), None if domain is None else Domain(domain), kinds_of(documents), asked_by)


async def prescriber_of(connection: Connection, rpps: str | None) -> Prescriber | None:
    """Whoever the directory knows by a number, whether or not she still practises."""
    cursor = await connection.execute("select id, profession from directory.professional where rpps = %s", (rpps,))
    row = await cursor.fetchone()
    return None if row is None else Prescriber(row[0], Profession(row[1]))


async def keep(
    connection: Connection,
    session: SessionId,
    number: int,
    *,
    declared: Declared,
    prescriber: Prescriber | None,
    entry: EntrySeq,
) -> None:
    """Keep one whose journal line was written in this transaction; the last that was awaited makes the grant.

    Raises:
        TooManyDocumentsError: those of the day, or of this agreement, are used up.
    """
    by = None if declared.prescriber is None or prescriber is None else prescriber.id
    try:
        await connection.execute(
            "select care.keep_document(%s, %s, %s::smallint, %s, %s::bigint, %s, %s)",
            (session, number, declared.kind.value, day_of(declared.dated), by, declared.digest, entry),
        )
    except psycopg.errors.ProgramLimitExceeded:
        raise TooManyDocumentsError from None
