"""Agreements that wait, what decides them, and their decision, as role tierce_billing."""

from typing import LiteralString

from psycopg import Connection

from tierce.billing.agreements.granting.model import Answer, Asking, Cover, Pending
from tierce.billing.agreements.model import AgreementKind
from tierce.billing.deciding.store import Sealer, contract_ended, history_of, opened
from tierce.billing.model import InvoiceLine
from tierce.billing.pricing.model import Past
from tierce.kernel.care import Domain
from tierce.kernel.ids import EntrySeq
from tierce.policy.documents import bits_of

_LINES: LiteralString = (
    "select item, quantity, price, amo, asked from care.agreement_line where agreement = %s order by n"
)
_SAME: LiteralString = """
    select array_agg(l.item order by l.n), array_agg(l.quantity::integer order by l.n)
    from care.agreement a join care.agreement_line l on l.agreement = a.id
    where a.establishment = %s and a.person = %s and a.insurer = %s and a.domain = %s
      and (a.state = 3 and a.until_day >= %s or a.state = 8 and a.answer_by >= %s
           or a.state = 9 and a.documents_by >= %s)
    group by a.id"""
_OVER: LiteralString = """
    select a.id, a.establishment, a.insurer, a.domain from care.agreement a
    where a.id > %(after)s and a.id in (
        select d.id from care.agreement d
        where d.state = 3 and d.until_day < %(today)s or d.state = 9 and d.documents_by < %(today)s
        union all
        select c.id from registry.contracts_ended() e join care.agreement c using (insurer)
        where c.state in (3, 9) and c.care_day > e.day)
      and not exists (select from care.invoice i where i.agreement = a.id and i.state not in (3, 4))
    order by a.id limit %(at_most)s"""

_UNANSWERED: LiteralString = """
    with ended as materialized (
        select w.insurer, registry.contract_ended(w.insurer) as day
        from (select distinct insurer from care.agreement where state = 8) w)
    select a.id, a.establishment, a.insurer, a.domain from care.agreement a join ended e using (insurer)
    where a.state = 8 and a.id > %s and (a.answer_by < %s or e.day < a.care_day)
    order by a.id limit %s"""
"""When each insurer left is asked once, however many requests its staff has before them."""


def waiting(connection: Connection, behind: int, at_most: int) -> list[int]:
    """Numbers of agreements that wait, as they came, past the first `behind` of them.

    Those that nothing decided before are apart.
    """
    rows = connection.execute(
        "select id from care.agreement where state = 1 and undecided is null order by at, id offset %s limit %s",
        (behind, at_most),
    ).fetchall()
    return [row[0] for row in rows]


def undecided(connection: Connection, after: int, at_most: int) -> list[int]:
    """Those that nothing decided before, past a number: so many of them, in the same order."""
    rows = connection.execute(
        "select id from (select id, at from care.agreement where state = 1 and undecided is not null"
        " and id > %s order by id limit %s) one order by at, id",
        (after, at_most),
    ).fetchall()
    return [row[0] for row in rows]


_DEPOSITED: LiteralString = "select item, care_day, quantity, due from care.deposited_of_agreement(%s)"


def taken_up(connection: Connection, number: int) -> Pending | None:
    """Lock one agreement and read it; None when it waits no more: it was taken back."""
    row = connection.execute(
        "select establishment, person, insurer, domain, kind, care_day from care.take_up_agreement(%s)", (number,)
    ).fetchone()
    if row is None:
        return None
    lines = tuple(InvoiceLine(*line) for line in connection.execute(_LINES, (number,)).fetchall())
    establishment, person, insurer, domain, kind, care_day = row
    return Pending(number, establishment, person, insurer, Domain(domain), AgreementKind(kind), care_day, lines)


def cover_of(connection: Connection, one: Pending, sealer: Sealer) -> Cover | None:
    """What covers the person; None when her cover is gone.

    Raises:
        SealBrokenError: no key of this process opens it.
    """
    row = connection.execute(
        "select person, insurer, sealed, is_open from care.cover_of_agreement(%s)", (one.id,)
    ).fetchone()
    product = None if row is None else opened(connection, row[:3], sealer)
    return None if row is None or product is None else Cover(product, row[3])


def asking_of(connection: Connection, one: Pending, cover: Cover, today: int, until_day: int) -> Asking:
    """All that decides an agreement, read in its transaction."""
    same = connection.execute(
        _SAME, (one.establishment, one.person, one.insurer, one.domain.value, today, today, today)
    ).fetchall()  # fmt: skip
    paid = connection.execute(_DEPOSITED, (one.id,)).fetchall()
    return Asking(
        one,
        cover,
        until_day,
        (*history_of(connection, one.person, one.insurer, one.domain), *(Past(*row) for row in paid)),
        tuple(tuple(zip(codes, counts, strict=True)) for codes, counts in same),
        contract_ended(connection, one.insurer),
    )


def keep(connection: Connection, one: Pending, answer: Answer, edition: int, entry: EntrySeq) -> None:
    """Write the decision, in the transaction of its journal line, which is `entry`."""
    connection.execute(
        "select care.decide_agreement(%s, %s::smallint, %s::smallint, %s, %s::integer[], %s::integer, %s::smallint,"
        " %s)",
        (
            one.id,
            answer.state.value,
            answer.reason.value,
            edition,
            list(answer.dues),
            answer.until_day,
            bits_of(answer.documents),
            entry,
        ),
    )


def over(connection: Connection, today: int, after: int, at_most: int) -> list[tuple[int, int, int, int]]:
    """Grants without an invoice past their last day, that of their documents, or of a contract before their care.

    Number, place, insurer, domain of each.
    """
    rows = connection.execute(_OVER, {"today": today, "after": after, "at_most": at_most}).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def end(connection: Connection, number: int, entry: EntrySeq) -> None:
    """Write that one is over, in the transaction of its journal line."""
    connection.execute("select care.end_agreement(%s, %s)", (number, entry))


def unanswered(connection: Connection, today: int, after: int, at_most: int) -> list[tuple[int, int, int, int]]:
    """Requests under review that nobody may grant any more: number, place, insurer, domain."""
    rows = connection.execute(_UNANSWERED, (after, today, at_most)).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def refuse_unanswered(connection: Connection, number: int, entry: EntrySeq) -> None:
    """Refuse one of them, in the transaction of its journal line."""
    connection.execute("select care.refuse_unanswered(%s, %s)", (number, entry))


def standing(connection: Connection) -> list[tuple[int, int, int]]:
    """State, how many agreements, cents promised: everything that is kept."""
    rows = connection.execute(
        "select state, count(*), sum(due)::bigint from care.agreement group by 1 order by 1"
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]
