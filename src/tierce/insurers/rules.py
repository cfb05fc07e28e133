"""How an insurer's counts are put together for its pages; pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median_low

from tierce.insurers.model import Coming, Decided, PaidBatch, PaidMonth, Payments, Shown, ShownDomain, ShownRow
from tierce.kernel.care import Domain
from tierce.kernel.clock import PARIS
from tierce.registry.runs.model import Run, RunState

PAYMENT_COLUMNS = (
    "reference",
    "filed",
    "state",
    "invoices",
    "cents",
    "back_invoices",
    "back_cents",
    "recovered_cents",
)
"""Of the file of totals."""
DAYS_TOLD = 14
"""Days of activity that a page tells, the running one included."""
MONTHS_TOLD = 13
"""Months of payments that a page tells, the running one included: a year, and the same month before it."""
RHYTHM_DAYS_MIN = 3
"""Days with a file taken whole before a rhythm is read from them."""


def gather(rows: Sequence[ShownRow], today: date) -> Shown:
    """Put the database's counts by day and by domain, every finished day named, every domain that has a line."""
    totals = {row.day: row.lines for row in rows if row.day is not None and row.domain is None}
    days = [today - timedelta(days=back) for back in range(DAYS_TOLD - 1, 0, -1)]
    found: dict[tuple[Domain, bool, bool], int | None] = {
        (row.domain, row.day is not None, row.again): row.lines for row in rows if row.domain is not None
    }
    domains = tuple(
        ShownDomain(
            domain,
            today=_added(found.get((domain, True, False), 0), found.get((domain, True, True), 0)),
            before=found.get((domain, False, False), 0),
            again=found.get((domain, False, True), 0),
        )
        for domain in Domain
        if any(key[0] is domain for key in found)
    )
    told = [lines for lines in found.values() if lines is not None]
    return Shown(
        days=tuple((day, totals.get(day, 0)) for day in days),
        domains=domains,
        at_least=sum(told),
        masked=len(told) < len(found),
    )


def _added(first: int | None, second: int | None) -> int | None:
    """Add two counts of which one may be masked: what is not told is not guessed."""
    if first is None and not second:
        return None
    if second is None and not first:
        return None
    return (first or 0) + (second or 0)


def by_month(coming: Coming, sent: Sequence[PaidBatch], decided: Sequence[Decided], today: date) -> Payments:
    """Put what was decided and what was sent into the month of each in Paris, those alone that have something."""
    known = {one.month: one for one in decided}
    paid: dict[date, int] = {}
    for one in sent:
        month = _day(one.filed).replace(day=1)
        paid[month] = paid.get(month, 0) + one.paid
    months = tuple(
        PaidMonth(known.get(month) or Decided(month, 0, 0, 0, 0, 0), paid.get(month, 0))
        for month in sorted({*known, *paid}, reverse=True)
    )
    back = today.year * 12 + today.month - MONTHS_TOLD
    return Payments(coming, months, tuple(sent), date(back // 12, back % 12 + 1, 1))


def payments_csv(batches: Iterable[tuple[PaidBatch, str]]) -> str:
    """One row a file for the bank, with the number that the bank knows it by; amounts in cents."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PAYMENT_COLUMNS)
    for one, reference in batches:
        at = one.filed.astimezone(PARIS).isoformat(timespec="seconds")
        row = [reference, at, one.state, one.invoices, one.amount, one.back_invoices, one.back, -one.recovered]
        writer.writerow(row)
    return out.getvalue()


def next_expected(feeds: Sequence[Run]) -> date | None:
    """The civil day on which the next file is due by the insurer's own rhythm; None while it has shown none.

    The rhythm is the median of the days between days with a file taken whole: one late file does not move it, nor
    does a corrected one sent the same day.
    """
    ends = sorted({_day(one.ended) for one in feeds if one.state is RunState.DONE and one.ended is not None})
    if len(ends) < RHYTHM_DAYS_MIN:
        return None
    return ends[-1] + timedelta(days=median_low((later - earlier).days for earlier, later in pairwise(ends)))


def _day(at: datetime) -> date:
    return at.astimezone(PARIS).date()
