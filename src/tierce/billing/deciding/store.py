"""Invoices that wait, what decides them, and their decision, as role tierce_billing."""

from typing import Any, LiteralString

from psycopg import Connection

from tierce.billing.deciding.model import Beside, Case, Decision, Guaranteed, Product, Waiting
from tierce.billing.model import InvoiceLine, InvoiceState
from tierce.billing.pricing.model import Past
from tierce.billing.refusing.model import Obstacle, Ruling
from tierce.journal.model import EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.ids import EntrySeq, InsurerId, PersonId
from tierce.policy.invoices import BEHIND_DAYS
from tierce.registry.records import decode_coverage
from tierce.storage.errors import SealBrokenError
from tierce.storage.keys import Compartment, Sealer

__all__ = ["SealBrokenError", "Sealer"]

LOCK = "tierce-billing"
STANDING = [
    state.value for state in (InvoiceState.ACCEPTED, InvoiceState.ORDERED, InvoiceState.PAID, InvoiceState.RETURNED)
]
"""What a cap counts: decided, and neither refused nor taken back."""


def alone(connection: Connection) -> bool:
    """Keep every other `billing` away for as long as this connection lasts: invoices are decided in one order."""
    row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (LOCK,)).fetchone()
    return row is not None and bool(row[0])


def waiting(connection: Connection, behind: int, at_most: int) -> list[int]:
    """Numbers of invoices that wait, by day of care, then as they came, past the first `behind` of them.

    Those that nothing decided before are apart.
    """
    rows = connection.execute(
        "select id from care.invoice where state = 1 and undecided is null order by care_day, at, id"
        " offset %s limit %s",
        (behind, at_most),
    ).fetchall()
    return [row[0] for row in rows]


def undecided(connection: Connection, after: int, at_most: int) -> list[int]:
    """Those that nothing decided before, past a number: so many of them, in the same order."""
    rows = connection.execute(
        "select id from (select id, care_day, at from care.invoice where state = 1 and undecided is not null"
        " and id > %s order by id limit %s) one order by care_day, at, id",
        (after, at_most),
    ).fetchall()
    return [row[0] for row in rows]


_INVOICE: LiteralString = """
    select establishment, person, insurer, domain, care_day, deposit, agreement, first_day, last_day, most
    from care.take_up_invoice(%s)"""
_LINES: LiteralString = (
    "select item, quantity, price, amo, asked from care.invoice_line where invoice = %s order by n"
)


def taken_up(connection: Connection, number: int) -> Waiting | None:
    """Lock one invoice and read it; None when it waits no more: it was taken back."""
    row = connection.execute(_INVOICE, (number,)).fetchone()
    if row is None:
        return None
    lines = tuple(InvoiceLine(*line) for line in connection.execute(_LINES, (number,)).fetchall())
    establishment, person, insurer, domain, care_day, deposit, agreement, first, last, most = row
    guaranteed = None if first is None else Guaranteed(first, last, most)
    return Waiting(
        number, establishment, person, insurer, Domain(domain), care_day, deposit, agreement, guaranteed, lines
    )  # fmt: skip


def product_of(connection: Connection, one: Waiting, sealer: Sealer) -> Product | None:
    """What covers the person on the day of care; None when her cover is gone.

    Raises:
        SealBrokenError: no key of this process opens it.
    """
    row = connection.execute("select person, insurer, sealed from care.cover_of_waiting(%s)", (one.id,)).fetchone()
    return None if row is None else opened(connection, row, sealer)


def opened(connection: Connection, row: tuple[Any, ...], sealer: Sealer) -> Product | None:
    """The product in a sealed cover, whose person and insurer stand before it."""
    plain = sealer.open_(Compartment.COVERAGE, InsurerId(row[1]), PersonId(row[0]), bytes(row[2]))
    product = decode_coverage(plain).product
    found = connection.execute("select responsible from registry.product where id = %s", (product,)).fetchone()
    return None if found is None else Product(product, bool(found[0]))


_PAST: LiteralString = """
    select l.item, i.care_day, l.quantity, l.due from care.invoice i join care.invoice_line l on l.invoice = i.id
    where i.person = %s and i.insurer = %s and i.domain = %s and i.state = any(%s) and l.due > 0
      and not (i.state = 6 and care.recovered_whole(i.id))"""
_RESERVED: LiteralString = (
    "select item, from_day, quantity, due, until_day from care.reserved(%s, %s::smallint, %s::smallint)"
)
_GRANTED: LiteralString = (
    "select item, array_agg(quantity::integer order by n), array_agg(due order by n) from care.agreement_line"
    " where agreement = %s and due is not null group by item"
)
_SAME: LiteralString = """
    select case when s.alike and i.insurer = m.insurer then -i.insurer else i.insurer end, i.state = 1, s.alike,
           m.ruled,
           array_agg(l.item order by l.n), array_agg(l.quantity::integer order by l.n),
           array_agg(l.price order by l.n), array_agg(l.amo order by l.n), array_agg(l.asked order by l.n),
           array_agg(coalesce(l.due, 0) order by l.n)
    from care.invoice m
    cross join lateral (
        select o.id, false from care.invoice o where o.person = m.person and o.care_day = m.care_day
        union select o.id, false from care.invoice o where o.deposit = m.deposit
        union select o.id, false from care.beside_by_pair(m.id) o(id)
        union select o.id, true from care.alike_beside(m.id) o(id)) s(id, alike)
    join care.invoice i on i.id = s.id and i.id <> m.id and i.establishment = m.establishment and i.domain = m.domain
        and i.care_day = m.care_day
        and i.state not in (3, 4) and not (i.state = 6 and care.recovered_whole(i.id))
        and (i.state <> 1 or i.at > now() - make_interval(days => %s)
                                       and care.goes_before(i.id, m.id))
    join care.invoice_line l on l.invoice = i.id
    where m.id = %s group by i.id, s.alike, m.insurer, m.ruled"""


_DEPOSITED: LiteralString = "select item, care_day, quantity, due from care.deposited(%s)"


def history_of(connection: Connection, person: int, insurer: int, domain: Domain) -> tuple[Past, ...]:
    """What was decided of a person, and what is granted to her and not invoiced."""
    rows = connection.execute(_PAST, (person, insurer, domain.value, STANDING)).fetchall()
    reserved = connection.execute(_RESERVED, (person, insurer, domain.value)).fetchall()
    return tuple(Past(*row) for row in (*rows, *reserved))


def _history(connection: Connection, one: Waiting) -> tuple[Past, ...]:
    """The same, with what deposits of hers paid the place: nobody was looked up then, and caps are drawn too."""
    assert one.person is not None
    paid = connection.execute(_DEPOSITED, (one.id,)).fetchall()
    return (*history_of(connection, one.person, one.insurer, one.domain), *(Past(*row) for row in paid))


def contract_ended(connection: Connection, insurer: int) -> int | None:
    """The day on which an insurer's contract with the operator ended; None while it goes on."""
    ended = connection.execute("select registry.contract_ended(%s::smallint)", (insurer,)).fetchone()
    return None if ended is None else ended[0]


def case_of(connection: Connection, one: Waiting, product: Product | None) -> Case:
    """All that decides an invoice, read in its transaction."""
    priced = one.person is not None and one.agreement is None
    beside = connection.execute(_SAME, (BEHIND_DAYS, one.id)).fetchall()
    granted = connection.execute(_GRANTED, (one.agreement,)).fetchall()
    return Case(
        invoice=one,
        product=product,
        history=_history(connection, one) if priced else (),
        beside=tuple(
            Beside(insurer, waits, tuple(InvoiceLine(*line) for line in zip(*lines, strict=True)), tuple(dues), alike)
            for insurer, waits, alike, _ruled, *lines, dues in beside
        ),
        contract_ended=contract_ended(connection, one.insurer),
        ruling=next((Ruling(ruled) for _, _, _, ruled, *_ in beside if ruled is not None), None),
        granted={item: tuple(zip(units, dues, strict=True)) for item, units, dues in granted},
    )


def keep(connection: Connection, one: Waiting, decision: Decision, edition: int, entry: EntrySeq) -> None:
    """Write the decision, in the transaction of its journal line, which is `entry`."""
    connection.execute(
        "select care.decide_invoice(%s, %s::smallint, %s::smallint, %s, %s::integer[], %s)",
        (one.id, decision.state.value, decision.reason.value, edition, list(decision.dues), entry),
    )


def note_undecided(connection: Connection, kind: EntryKind, number: int, why: Obstacle | None) -> None:
    """Keep why an invoice or agreement that waits could not be decided; None where it waits for another alone."""
    connection.execute(
        "select care.note_undecided(%s::smallint, %s, %s::smallint)",
        (kind.value, number, None if why is None else why.value),
    )


def lives(connection: Connection, version: str, turns: int, failing: list[str]) -> None:
    """Say that the process lives; over a connection in autocommit mode."""
    connection.execute("select upkeep.billing_lives(%s, %s, %s)", (version, turns, failing))


def standing(connection: Connection) -> list[tuple[int, int, int, int]]:
    """State, reason, how many invoices, cents due: everything that is kept."""
    rows = connection.execute(
        "select state, reason, count(*), sum(due)::bigint from care.invoice group by 1, 2 order by 1, 2"
    ).fetchall()
    return [tuple(row) for row in rows]


def oldest_waiting(connection: Connection) -> float | None:
    """Seconds since the invoice or agreement that waits longest was received."""
    row = connection.execute(
        "select extract(epoch from now() - least((select min(at) from care.invoice where state = 1),"
        " (select min(at) from care.agreement where state = 1)))::double precision"
    ).fetchone()
    return None if row is None else row[0]
