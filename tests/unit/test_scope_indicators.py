"""What a file of indicators may hold, and what lines found make of each."""

import json

import pytest

from tierce.kernel.language import Language
from tierce.scope.indicators.errors import IndicatorError
from tierce.scope.indicators.model import Hits, Indicator, Kind, Reach, Subject, Verdict, Why
from tierce.scope.indicators.rules import INDICATORS_MAX, LINE_BYTES_MAX, networks_of, read_question, verdict
from tierce.scope.model import Gap, GapKind

GOOD = {
    "kind": "rpps",
    "value": "10000000501",
    "from": "2026-03-01T00:00:00+01:00",
    "until": "2026-03-02T00:00:00+01:00",
}
SECRET = "s3cr3t"


def question(*lines: object, head: object = None) -> bytes:
    first = {"format": "tierce-indicators-v1"} if head is None else head
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in (first, *lines)).encode()


def test_a_good_question_is_read_whatever_its_last_line_feed() -> None:
    read = read_question(question(GOOD, {**GOOD, "kind": "software", "value": "Officine Claire"}) + b"\n")
    assert [(one.line, one.kind) for one in read.indicators] == [(2, Kind.RPPS), (3, Kind.SOFTWARE)]
    assert read.indicators[0].until_us - read.indicators[0].from_us == 86_400_000_000
    assert GOOD["value"] not in repr(read)
    most = read_question(question(*[{**GOOD, "from": "1970-01-01T00:00:00Z"}] * INDICATORS_MAX))
    assert (len(most.indicators), most.indicators[-1].line) == (INDICATORS_MAX, INDICATORS_MAX + 1)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", "line"),
        (f'"{SECRET}"', "line"),
        ({**GOOD, SECRET: 1}, "line"),
        ({name: value for name, value in GOOD.items() if name != "until"}, "until"),
        ({**GOOD, "kind": SECRET}, "kind"),
        ({**GOOD, "value": 7}, "value"),
        ({**GOOD, "value": SECRET}, "value"),
        ({**GOOD, "from": SECRET}, "from"),
        ({**GOOD, "from": "2026-03-01T00:00:00"}, "from"),
        ({**GOOD, "until": GOOD["from"]}, "until"),
        ({**GOOD, "from": "1969-12-31T23:59:59Z"}, "until"),
        ({**GOOD, "kind": "finess", "value": SECRET}, "value"),
        ({**GOOD, "kind": "device", "value": SECRET}, "value"),
        ({**GOOD, "kind": "network", "value": SECRET}, "value"),
        ({**GOOD, "kind": "network", "value": "10.0.0.0/8"}, "value"),
        ({**GOOD, "kind": "software", "value": " "}, "value"),
        ({**GOOD, "value": "x" * 5_000}, "line"),
        (" ", "line"),
    ],
)
def test_a_wrong_line_is_named_and_not_repeated(line: object, field: str) -> None:
    with pytest.raises(IndicatorError) as refused:
        read_question(question(GOOD, line))
    assert (refused.value.line, refused.value.field) == (3, field)
    assert SECRET not in str(refused.value)


def test_the_remedy_names_the_kinds_where_a_kind_is_wrong_and_a_form_elsewhere() -> None:
    said = {}
    for field, value in (("kind", SECRET), ("value", 7)):
        with pytest.raises(IndicatorError) as refused:
            read_question(question({**GOOD, field: value}))
        said[field] = refused.value.reason
    for language in Language:
        assert Kind.FINESS.value in said["kind"][language]
        assert Kind.FINESS.value not in said["value"][language]


@pytest.mark.parametrize(
    ("raw", "line", "field"),
    [
        (b"", 1, "line"),
        (question(), 1, "indicator"),
        (question(*[GOOD] * (INDICATORS_MAX + 7)), INDICATORS_MAX + 2, "indicator"),
        (question(GOOD, head={}), 1, "format"),
        (question(GOOD, head={"format": "tierce-indicators-v2"}), 1, "format"),
        (question(GOOD, json.dumps(GOOD).ljust(LINE_BYTES_MAX + 1)), 3, "line"),
    ],
)
def test_a_file_without_its_head_or_of_no_or_too_many_lines_is_refused(raw: bytes, line: int, field: str) -> None:
    with pytest.raises(IndicatorError) as refused:
        read_question(raw)
    assert (refused.value.line, refused.value.field) == (line, field)
    longest = question(GOOD, json.dumps(GOOD).ljust(LINE_BYTES_MAX))
    assert len(read_question(longest).indicators) == 2


def test_a_range_is_looked_for_by_the_networks_that_the_journal_keeps() -> None:
    assert networks_of("192.0.2.0/24") == (["192.0.2.0"], True)
    assert networks_of("192.0.2.9") == (["192.0.2.9"], False)
    assert networks_of("192.0.2.0/23") == (["192.0.2.0", "192.0.3.0"], True)
    assert networks_of("2001:db8::/48") == (["2001:db8::"], True)
    assert networks_of("2001:db8::/64") == (["2001:db8::"], False)
    wide = networks_of("198.18.0.0/16")
    assert wide is not None
    assert len(wide[0]) == 256
    assert networks_of("198.18.0.0/15") is None
    wide = networks_of("2001:db8::/40")
    assert wide is not None
    assert (len(wide[0]), wide[0][:2], wide[1]) == (256, ["2001:db8::", "2001:db8:1::"], True)
    assert networks_of("2001:db8::/39") is None


MINUTE = 60_000_000
ONE = Indicator(2, Kind.RPPS, "10000000501", 100 * MINUTE, 200 * MINUTE)
LOOKED = Subject(Kind.RPPS, frozenset({501}))
WHOLE = Reach(0, 300 * MINUTE)
NONE = Hits()


def said(
    hits: Hits = NONE,
    subject: Subject = LOOKED,
    reach: Reach = WHOLE,
    *gaps: Gap,
) -> tuple[Verdict, Why]:
    made = verdict(ONE, subject, hits, reach, gaps)
    return made.verdict, made.why


def hole(kind: GapKind, at: int) -> Gap:
    return Gap(kind, 5, 5, 1, at * MINUTE, at * MINUTE)


def test_a_line_is_enough_for_touched_whatever_is_missing() -> None:
    torn = hole(GapKind.LINES_MISSING, 150)
    assert said(Hits(2, 1, 1), LOOKED, Reach(150 * MINUTE, 160 * MINUTE), torn) == (Verdict.TOUCHED, Why.RELEASED)
    assert said(Hits(2, 0, 0)) == (Verdict.TOUCHED, Why.ASKED)
    made = verdict(ONE, LOOKED, Hits(7, 3, 2), WHOLE, ())
    assert (made.line, made.lines, made.released, made.persons) == (2, 7, 3, 2)


def test_not_touched_needs_a_window_kept_covered_and_whole() -> None:
    assert said() == (Verdict.NOT_TOUCHED, Why.NO_LINE)
    assert said(Hits(), LOOKED, Reach(100 * MINUTE, 200 * MINUTE)) == (Verdict.NOT_TOUCHED, Why.NO_LINE)
    assert said(Hits(), LOOKED, Reach(101 * MINUTE, 300 * MINUTE)) == (Verdict.CANNOT_TELL, Why.NOT_KEPT)
    assert said(Hits(), LOOKED, Reach(0, 199 * MINUTE)) == (Verdict.CANNOT_TELL, Why.NOT_OVER)
    for kind, why in (
        (GapKind.LOST, Why.HOLE),
        (GapKind.LINES_MISSING, Why.HOLE),
        (GapKind.UNREADABLE, Why.HOLE),
        (GapKind.CLOCK, Why.CLOCK),
    ):
        for near, far in ((201, 202), (99, 98)):
            assert said(Hits(), LOOKED, WHOLE, hole(kind, near)) == (Verdict.CANNOT_TELL, why)
            assert said(Hits(), LOOKED, WHOLE, hole(kind, far)) == (Verdict.NOT_TOUCHED, Why.NO_LINE)
    # A number never committed hides no line.
    assert said(Hits(), LOOKED, WHOLE, hole(GapKind.NEVER_COMMITTED, 150)) == (Verdict.NOT_TOUCHED, Why.NO_LINE)


def test_what_no_register_ever_held_needs_no_line() -> None:
    unknown = Subject(Kind.RPPS, frozenset())
    assert said(Hits(), unknown, Reach(150 * MINUTE, 300 * MINUTE)) == (Verdict.NOT_TOUCHED, Why.NEVER_KNOWN)
    assert said(Hits(), unknown, Reach(0, 150 * MINUTE)) == (Verdict.CANNOT_TELL, Why.NOT_OVER)
    assert said(Hits(), Subject(Kind.SOFTWARE, frozenset(), Why.NAME)) == (Verdict.CANNOT_TELL, Why.NAME)


def test_a_line_of_a_neighbour_s_network_tells_nothing() -> None:
    near = Subject(Kind.NETWORK, frozenset({b"n" * 16}), exact=False)
    made = verdict(ONE, near, Hits(4, 4, 3), WHOLE, ())
    assert (made.verdict, made.why, made.lines, made.persons) == (Verdict.CANNOT_TELL, Why.COARSE, 0, 0)
