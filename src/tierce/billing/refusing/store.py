"""Invoices that nothing decides, as role tierce_office (storage/sql/refusing.sql)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, LiteralString

from psycopg import Connection

from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.refusing.model import Obstacle, RefusalSaid, Undecided
from tierce.kernel.care import Domain
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq, StaffId

_ROWS: LiteralString = (
    "select id, place, town, insurer, reference, domain, care_day, at, asked, state, why, since, refusable_from,"
    " found from care.undecided(%s::bigint, %s)"
)


def oldest(connection: Connection, at_most: int) -> list[Undecided]:
    """Those that have waited longest first."""
    return [_undecided(row) for row in connection.execute(_ROWS, (None, at_most)).fetchall()]


def one(connection: Connection, number: int) -> Undecided | None:
    """One, with who said what; None where no such invoice waits so, or was refused so."""
    row = connection.execute(_ROWS, (number, 1)).fetchone()
    if row is None:
        return None
    words = connection.execute(
        "select staff, name, reason, said, at from care.refusal_word where invoice = %s order by at, staff",
        (number,),
    ).fetchall()
    said = tuple(RefusalSaid(StaffId(each[0]), each[1], InvoiceReason(each[2]), *each[3:]) for each in words)
    return replace(_undecided(row), words=said)


def _undecided(row: Sequence[Any]) -> Undecided:
    number, place, town, insurer, reference, domain, care_day, at, asked, state, why, since, refusable, found = row
    return Undecided(
        number, place, town, insurer, reference, Domain(domain), date_of(care_day), at, asked, InvoiceState(state),
        Obstacle(why), since, refusable, found,
    )  # fmt: skip


def place_of(connection: Connection, number: int) -> int:
    """The establishment that sent it; 0 where there is no such invoice."""
    row = connection.execute("select establishment from care.invoice where id = %s", (number,)).fetchone()
    return 0 if row is None else int(row[0])


def refuse(connection: Connection, number: int, by: RefusalSaid, entry: EntrySeq) -> int:
    """Keep a word, in the transaction of its journal line: 0 a second must say the same, 1 it is refused.

    2 it can no longer be, or not yet, 3 she said it already.
    """
    row = connection.execute(
        "select care.refuse_undecided(%s, %s::smallint, %s, %s, %s, %s)",
        (number, by.reason.value, by.staff, by.name, by.said, entry),
    ).fetchone()
    assert row is not None, "the function always answers"
    return int(row[0])
