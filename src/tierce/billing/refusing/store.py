"""Invoices and agreements that nothing decides, as role tierce_office (storage/sql/refusing.sql)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, LiteralString

from psycopg import Connection

from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.refusing.model import RULING_LABELS, Alike, Obstacle, RefusalSaid, Ruling, Undecided, Which
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, EstablishmentId, StaffId

_ROWS: LiteralString = (
    "select kind, id, establishment, place, town, insurer, reference, domain, care_day, at, asked, waits, why, since,"
    " refusable_from, found from care.undecided(%s::smallint, %s::bigint, %s)"
)


def oldest(connection: Connection, at_most: int) -> list[Undecided]:
    """Those that have waited longest first."""
    return [_undecided(row) for row in connection.execute(_ROWS, (None, None, at_most)).fetchall()]


def one(connection: Connection, which: Which) -> Undecided | None:
    """One, with who said what; None where none of this number waits so, or was refused so."""
    row = connection.execute(_ROWS, (*which, 1)).fetchone()
    if row is None:
        return None
    words = connection.execute(
        "select staff, name, reason, said, at from care.refusal_word"
        " where case %s::smallint when 22 then invoice else agreement end = %s order by at, staff",
        which,
    ).fetchall()
    said = tuple(RefusalSaid(StaffId(each[0]), each[1], _reason(each[2]), *each[3:]) for each in words)
    found = _undecided(row)
    if found.obstacle is not Obstacle.ALIKE:
        return replace(found, words=said)
    alike = connection.execute(
        "select reference, insurer, asked, due, at, state from care.alike_shown(%s)", (which.number,)
    ).fetchall()
    return replace(
        found,
        words=said,
        alike=tuple(Alike(each[0], each[1], each[2], each[3], each[4], InvoiceState(each[5])) for each in alike),
    )


def _reason(number: int) -> InvoiceReason | Ruling:
    return Ruling(number) if number in set(RULING_LABELS) else InvoiceReason(number)


def _undecided(row: Sequence[Any]) -> Undecided:
    (
        kind, number, establishment, place, town, insurer, reference, domain, care_day, at, asked, waits, why, since,
        refusable_from, found,
    ) = row  # fmt: skip
    return Undecided(
        Which(EntryKind(kind), number), EstablishmentId(establishment), place, town, insurer, reference,
        Domain(domain), date_of(care_day), at, asked, waits, Obstacle(why), since, refusable_from,
        found,
    )  # fmt: skip


def refuse(connection: Connection, which: Which, by: RefusalSaid, entry: EntrySeq) -> int:
    """Keep a word, in the transaction of its journal line: 0 a second must say the same, 1 it is refused.

    2 it can no longer be, or not yet, 3 she said it already.
    """
    row = connection.execute(
        "select care.refuse_undecided(%s::smallint, %s, %s::smallint, %s, %s, %s, %s)",
        (*which, by.reason.value, by.staff, by.name, by.said, entry),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])
