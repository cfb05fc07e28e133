"""Documents declared, through the handle of a session of their insurer; no table is read."""

from typing import Any

from psycopg import Connection

from tierce.billing.agreements.model import AgreementState
from tierce.insurers.documents.model import Counted, Declared, Subject
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq
from tierce.policy.documents import DocumentKind, kinds_of


def listed(
    connection: Connection, handle: bytes, line: EntrySeq, after: int | None, at_most: int
) -> tuple[Subject, ...]:
    """Agreements granted subject to documents, the newest first; once `line` is committed."""
    rows = connection.execute(
        "select id, domain, decided, state, documents, documents_by, kinds, dates, digests"
        " from care.insurer_documents(%s, %s, %s::bigint, %s)",
        (handle, line, after, at_most),
    ).fetchall()
    return tuple(_subject(row) for row in rows)


def _subject(row: tuple[Any, ...]) -> Subject:
    number, domain, decided, state, documents, by, kinds, dates, digests = row
    declared = tuple(
        Declared(DocumentKind(kind), date_of(dated), bytes(digest))
        for kind, dated, digest in zip(kinds, dates, digests, strict=True)
    )
    missing = tuple(kind for kind in kinds_of(documents) if kind not in kinds)
    return Subject(number, Domain(domain), decided, AgreementState(state), date_of(by), declared, missing)


def counted(connection: Connection, handle: bytes, line: EntrySeq) -> Counted:
    """How they all stand; once `line` is committed."""
    row = connection.execute(
        "select awaited, declared, lapsed from care.insurer_documents_counted(%s, %s)", (handle, line)
    ).fetchone()
    assert row is not None
    return Counted(*row)
