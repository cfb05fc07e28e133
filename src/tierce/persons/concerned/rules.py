"""From the rows of one person to one answer for each incident; pure."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from tierce.incidents.cohorts.rules import cohort_of
from tierce.incidents.rules import incident_reference
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId
from tierce.persons.concerned.model import Answer, Row, ShownUnder, Told


def answers(rows: Iterable[Row], names: Mapping[InsurerId, str]) -> tuple[Told, ...]:
    """One answer for each incident, in the order of the rows.

    *No* is said only of a whole list; whoever is on none of it, or whom the journal cannot settle, is told that it is
    not established.
    """
    return tuple(_answer(list(some), names) for _, some in groupby(rows, lambda row: row.incident))


def _answer(rows: list[Row], names: Mapping[InsurerId, str]) -> Told:
    first = rows[0]
    shown = tuple(
        ShownUnder(row.insurer, names.get(row.insurer, "?"), row.categories, row.first_at, row.last_at)
        for row in rows
        if row.insurer is not None and row.confirmed and row.first_at is not None and row.last_at is not None
    )
    doubtful = any(row.insurer is not None and not row.confirmed for row in rows)
    if shown:
        answer = Answer.YES
    elif doubtful or not first.whole:
        answer = Answer.NOT_ESTABLISHED
    else:
        answer = Answer.NO
    seen = DataCategory.NONE
    for one in shown:
        seen |= one.categories
    return Told(
        incident=first.incident,
        reference=incident_reference(first.incident, first.day),
        signal_at=first.signal_at,
        listed_at=first.listed_at,
        answer=answer,
        cohort=cohort_of(seen).value if shown else "",
        shown=shown,
    )
