"""Adding tariffs and benefits in PostgreSQL."""

from collections.abc import Sequence

from psycopg import Connection

from tierce.billing.pricing.model import Benefit, Tables, Tariff
from tierce.billing.pricing.store import load_tables
from tierce.policy.documents import bits_of


class LoadStore:
    """Reads and adds rows over one connection of role tierce_feed."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`, not in autocommit; the caller commits."""
        self._connection = connection

    def tables(self) -> Tables:
        """Every row until now."""
        return load_tables(self._connection)

    def products(self) -> dict[tuple[str, str], int]:
        """Map AMC number and code of every product to its internal number."""
        rows = self._connection.execute(
            "select i.amc, p.code, p.id from registry.product p join registry.insurer i on i.id = p.insurer"
        ).fetchall()
        return {(amc, code): int(number) for amc, code, number in rows}

    def add_tariffs(self, rows: Sequence[Tariff], feed: int) -> None:
        """Add rows, numbered in their order."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into registry.tariff (feed, item, domain, basket, base, rate, ceiling, whole_tm, least, most,"
                " label_fr, label_en, from_day, until_day)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        *(feed, one.item, one.domain.value, one.basket.value, one.base, one.rate, one.ceiling),
                        *(one.whole_tm, one.least, one.most, one.label.fr, one.label.en, one.from_day, one.until_day),
                    )
                    for one in rows
                ],
            )

    def add_benefits(self, rows: Sequence[Benefit], feed: int) -> None:
        """Add rows, numbered in their order."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into registry.benefit (feed, product, domain, item, measure, value, cap_months, cap_cents,"
                " cap_count, from_day, until_day, review_from, documents)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        *(feed, one.product, one.domain.value, one.item),
                        *(one.formula.measure.value, one.formula.value),
                        *((one.cap.months, one.cap.cents, one.cap.count) if one.cap else (None, None, None)),
                        *(one.from_day, one.until_day, one.review_from, bits_of(one.documents)),
                    )
                    for one in rows
                ],
            )
