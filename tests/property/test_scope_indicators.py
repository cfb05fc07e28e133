"""One reading for every indicator finds what reading line by line for each would, sealed or not."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_scope_engine import MINUTE, NETWORKS, Journal, journals, sources
from tierce.journal.model import Entry
from tierce.scope.indicators.model import Hits, Indicator, Kind, Subject
from tierce.scope.indicators.store import COLUMNS, search
from tierce.scope.rules import ASKS, releases

SOUGHT: dict[Kind, list[Any]] = {
    Kind.RPPS: [1, 2**63 - 1],
    Kind.FINESS: [7, 9],
    Kind.DEVICE: [10, 20],
    Kind.NETWORK: NETWORKS,
    Kind.SOFTWARE: [30, 99],
}


@st.composite
def pairs(draw: st.DrawFn) -> list[tuple[Indicator, Subject]]:
    found = []
    for line in range(2, 2 + draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(Kind))
        begun = draw(st.integers(0, 20)) * MINUTE
        one = Indicator(line, kind, "", begun, begun + draw(st.sampled_from([1, MINUTE, 300 * MINUTE])))
        values = draw(st.frozensets(st.sampled_from(SOUGHT[kind]), min_size=1))
        found.append((one, Subject(kind, values)))
    return found


def line_by_line(one: Indicator, subject: Subject, journal: Journal) -> Hits:
    def bears(entry: Entry) -> bool:
        value = getattr(entry, COLUMNS[subject.kind])
        return entry.kind in ASKS and value in subject.values and one.from_us <= entry.time_us < one.until_us

    lines = [entry for _, _, inside in journal for entry in inside if bears(entry)]
    released = [entry for entry in lines if releases(entry)]
    return Hits(len(lines), len(released), len({entry.person for entry in released if entry.person}))


@settings(deadline=None, max_examples=25)
@given(pairs(), journals(), st.lists(st.integers(0, 8), max_size=2))
def test_one_reading_finds_what_line_by_line_would(
    sought: list[tuple[Indicator, Subject]], journal: Journal, cuts: list[int]
) -> None:
    expected = {one.line: line_by_line(one, subject, journal) for one, subject in sought}
    with tempfile.TemporaryDirectory() as name:
        sealed, hot = sources(Path(name), journal, cuts)
        found = search(sought, sealed, sealed.segments, hot, lambda _what, _done, _of: None)
    assert found == {line: hits for line, hits in expected.items() if hits.lines}
