"""Tariffs and benefits in PostgreSQL."""

from collections.abc import Iterable
from typing import Any, LiteralString

from psycopg import Connection

from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Tables, Tariff
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.policy.documents import kinds_of

_TARIFFS: LiteralString = """
    select id, item, domain, basket, base, rate, ceiling, whole_tm, least, most, label_fr, label_en, from_day,
           until_day
    from registry.tariff where id <= %(edition)s order by id"""
_BENEFITS: LiteralString = """
    select id, product, domain, item, measure, value, cap_months, cap_cents, cap_count, from_day, until_day,
           review_from, documents
    from registry.benefit where id <= %(edition)s order by id"""


def last_edition(connection: Connection) -> int:
    """The number of the last row of both tables: what was read under the same number need not be read again."""
    row = connection.execute(
        "select greatest((select max(id) from registry.tariff), (select max(id) from registry.benefit), 0)"
    ).fetchone()
    return int(row[0]) if row else 0


def load_tables(connection: Connection, edition: int | None = None) -> Tables:
    """Read the tables as they are, or as they were at an earlier edition.

    One file is taken in at a time, so that a row never comes to be seen after one of a greater number.
    """
    edition = last_edition(connection) if edition is None else edition
    bound = {"edition": edition}
    return tables_of(
        [_tariff(row) for row in connection.execute(_TARIFFS, bound)],
        [_benefit(row) for row in connection.execute(_BENEFITS, bound)],
        edition,
    )


def product_of(connection: Connection, amc: str, code: str) -> tuple[int, bool] | None:
    """The number of an insurer's product, and whether it is a responsible contract."""
    row = connection.execute(
        "select p.id, p.responsible from registry.product p join registry.insurer i on i.id = p.insurer"
        " where i.amc = %s and p.code = %s",
        (amc, code),
    ).fetchone()
    return None if row is None else (int(row[0]), bool(row[1]))


def tables_of(tariffs: Iterable[Tariff], benefits: Iterable[Benefit], edition: int) -> Tables:
    """Put rows where pricing looks for them."""
    by_item: dict[str, tuple[Tariff, ...]] = {}
    for tariff in tariffs:
        by_item[tariff.item] = (*by_item.get(tariff.item, ()), tariff)
    by_key: dict[tuple[int, str], tuple[Benefit, ...]] = {}
    for benefit in benefits:
        place = (benefit.product, benefit.key)
        by_key[place] = (*by_key.get(place, ()), benefit)
    return Tables(by_item, by_key, edition)


def _tariff(row: tuple[Any, ...]) -> Tariff:
    number, item, domain, basket, base, rate, ceiling, whole_tm, least, most, fr, en, from_day, until_day = row
    return Tariff(
        item=item, domain=Domain(domain), basket=Basket(basket), base=base, rate=rate, ceiling=ceiling,
        whole_tm=whole_tm, least=least, most=most, label=Phrase(fr, en), from_day=from_day, until_day=until_day,
        id=number,
    )  # fmt: skip


def _benefit(row: tuple[Any, ...]) -> Benefit:
    number, product, domain, item, measure, value, months, cents, count, from_day, until_day, review, documents = row
    return Benefit(
        product=product, domain=Domain(domain), item=item, formula=Formula(Measure(measure), value),
        cap=None if months is None else Cap(months, cents, count), from_day=from_day, until_day=until_day,
        review_from=review, documents=kinds_of(documents), id=number,
    )  # fmt: skip
