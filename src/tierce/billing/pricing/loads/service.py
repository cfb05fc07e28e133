"""Taking in a file of tariffs or of benefits: whole, or nothing of it when one line is refused.

A file half taken in would price one half of an invoice by the old table and the other by the new one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tierce.billing.pricing.errors import PricesHeldError
from tierce.billing.pricing.loads.rules import (
    BenefitLine,
    Row,
    moves_benefit,
    moves_tariff,
    read_benefit,
    read_tariff,
)
from tierce.billing.pricing.loads.store import LoadStore
from tierce.billing.pricing.model import Benefit, Tables, Tariff
from tierce.billing.pricing.rules import own_benefit, tariff_on
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.language import Phrase
from tierce.registry.rules import refuse
from tierce.registry.service import Listener

_Row = TypeVar("_Row", Tariff, Benefit)


@dataclass(frozen=True, slots=True)
class Taking:
    """One import: its number, and how many abnormal moves somebody has looked at, which a dry run needs not."""

    feed: int
    confirmed: int | None
    dry_run: bool

    def check(self, moved: int) -> None:
        """Refuse moves that nobody confirmed.

        Raises:
            PricesHeldError: so many lines move further than usual; the caller undoes what was written.
        """
        if moved and self.confirmed != moved and not self.dry_run:
            raise PricesHeldError(moved)


def take_tariffs(
    store: LoadStore, rows: Iterable[FeedRow | Rejection], listener: Listener, taking: Taking
) -> FeedCounts:
    """Add every line that says something new, in the caller's transaction, which commits.

    Raises:
        PricesHeldError: some move further than usual, unconfirmed.
    """
    counts, tables = FeedCounts(), store.tables()
    known = _last(one for rows_of in tables.tariffs.values() for one in rows_of)
    new = _settle(_read(rows, read_tariff, counts, listener), known, counts, listener)
    taking.check(sum(moves_tariff(tariff_on(tables, one.item, one.from_day), one) for one in new))
    store.add_tariffs(new, taking.feed)
    return counts


def take_benefits(
    store: LoadStore, rows: Iterable[FeedRow | Rejection], listener: Listener, taking: Taking
) -> FeedCounts:
    """Add every line that says something new, in the caller's transaction, which commits.

    Raises:
        PricesHeldError: some move further than usual, unconfirmed.
    """
    counts = FeedCounts()
    tables, products = store.tables(), store.products()
    known = _last(one for rows_of in tables.benefits.values() for one in rows_of)

    def read(row: Row) -> Benefit:
        return _found(read_benefit(row), tables, products)

    new = _settle(_read(rows, read, counts, listener), known, counts, listener)
    taking.check(sum(moves_benefit(own_benefit(tables, one, one.from_day), one) for one in new))
    store.add_benefits(new, taking.feed)
    return counts


def _found(line: BenefitLine, tables: Tables, products: dict[tuple[str, str], int]) -> Benefit:
    product = products.get((line.amc, line.product_code))
    if product is None:
        refuse("product_code", "aucune formule de cet organisme n’a ce code.",
               "no product of this insurer has this code.",
               "Prenez d’abord le fichier des organismes.", "Take in the insurers' file first.")  # fmt: skip
    benefit = line.benefit
    if benefit.item is not None and not any(
        one.domain is benefit.domain for one in tables.tariffs.get(benefit.item, ())
    ):
        refuse("item", "aucun tarif de ce domaine n’a ce code.", "no tariff of this domain has this code.",
               "Vérifiez-le, ou prenez d’abord le fichier des tarifs.",
               "Check it, or take in the file of tariffs first.")  # fmt: skip
    return line.of(product)


def _read(
    rows: Iterable[FeedRow | Rejection], read: Callable[[Row], _Row], counts: FeedCounts, listener: Listener
) -> list[tuple[int, _Row]]:
    """Read each line, beside its number; refused ones are counted and told."""
    good: list[tuple[int, _Row]] = []
    for row in rows:
        try:
            if isinstance(row, FeedRow):
                good.append((row.line, read(row.cells)))
                continue
            rejection = row
        except FieldError as error:
            rejection = Rejection.of(row.line, error)
        _reject(rejection, counts, listener)
    return good


def _settle(
    read: Sequence[tuple[int, _Row]], known: dict[tuple[object, ...], _Row], counts: FeedCounts, listener: Listener
) -> list[_Row]:
    """Keep what says something new; nothing, when a line is refused."""
    told: dict[tuple[object, ...], _Row] = {}
    new: list[_Row] = []
    same = 0
    for line, row in read:
        place = _place(row)
        if told.setdefault(place, row) != row:
            _reject(Rejection.of(line, _otherwise()), counts, listener)
        elif place in known and replace(known[place], id=0) == row:
            same += 1
        else:
            known[place] = row
            new.append(row)
    if counts.rejected:
        return []
    counts.taken, counts.unchanged = len(new), same
    listener.on_lines(counts.read)
    return new


def _reject(rejection: Rejection, counts: FeedCounts, listener: Listener) -> None:
    counts.reject(rejection)
    listener.on_rejection(rejection)


def _otherwise() -> FieldError:
    return FieldError(
        "valid_from",
        Phrase(
            "une ligne précédente dit autre chose du même jour.", "an earlier line says otherwise of the same day."
        ),
        Phrase("Gardez l’une des deux lignes.", "Keep one of the two lines."),
    )


def _place(row: Tariff | Benefit) -> tuple[object, ...]:
    """What a later row takes the place of, when it says the same of it: the same first day too."""
    if isinstance(row, Tariff):
        return row.item, row.from_day
    return row.product, row.domain, row.item, row.from_day


def _last(rows: Iterable[_Row]) -> dict[tuple[object, ...], _Row]:
    """The last row of each place; rows come in the order in which they were added."""
    return {_place(row): row for row in rows}
