"""How a statement meets what the same insurer told before: each day of its edges, and what is taken away."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tierce.kernel.errors import FieldError
from tierce.policy.feeds import SHRINK_AHEAD_DAYS
from tierce.registry.periods import Fate, Period, Placed, after, ends_a_right, place

FILE, EARLIER = 9, 8
TODAY = 500
KNOWN = Period(since=100, until=900, effective=400, told=EARLIER, digest=b"k", domains=0b11)
LINE = Period(since=100, until=900, effective=TODAY, told=FILE, digest=b"l", domains=0b11)


def test_what_says_the_same_again_is_unchanged_and_what_says_more_is_taken() -> None:
    assert place([KNOWN], replace(LINE, digest=b"k")) == Placed(Fate.UNCHANGED)
    assert place([KNOWN], LINE) == Placed(Fate.TAKEN)
    assert place([], LINE) == Placed(Fate.TAKEN)
    within = replace(KNOWN, since=850)
    again = place([replace(KNOWN, until=849), within], replace(LINE, digest=b"k"))
    assert again == Placed(Fate.TAKEN, (), (within,)), "the same words, and another period goes"


@pytest.mark.parametrize(
    ("since", "until", "cut", "removed"),
    [
        (901, 950, 0, 0), (900, 950, 1, 0), (101, 950, 1, 0), (100, 950, 0, 0), (99, 950, 0, 1), (50, 100, 0, 1),
        (50, 99, 0, 0),
    ],
)  # fmt: skip
def test_a_newer_statement_wins_on_its_days_alone(since: int, until: int, cut: int, removed: int) -> None:
    line = replace(LINE, since=since, until=until)
    placed = place([KNOWN], line)
    assert (placed.fate, len(placed.cut), len(placed.removed)) == (Fate.TAKEN, cut, removed)
    left = sorted(after([KNOWN], line, placed), key=lambda one: one.since)
    assert line in left
    assert all(one.until < other.since for one, other in pairwise(left)), "no day is told twice"
    assert (KNOWN in left) == (since > 900 or until < 100)
    if cut:
        ended = Period(KNOWN.since, since - 1, KNOWN.effective, 0, b"", KNOWN.domains)
        assert left == [ended, line]


def test_an_older_statement_never_speaks_over_a_newer_one() -> None:
    newer = replace(KNOWN, effective=TODAY + 1)
    placed = place([newer], LINE)
    assert placed.fate is Fate.OUTDATED
    assert after([newer], LINE, placed) == [newer]
    assert place([replace(KNOWN, effective=TODAY)], LINE).fate is Fate.TAKEN, "of the same day: the later file"
    assert place([replace(newer, since=901, until=950)], LINE).fate is Fate.TAKEN, "of other days"


def test_one_file_says_one_thing_of_a_day() -> None:
    before = replace(KNOWN, told=FILE)
    with pytest.raises(FieldError) as twice:
        place([before], LINE)
    assert twice.value.field == "birth_rank"
    with pytest.raises(FieldError) as overlapping:
        place([replace(before, since=200)], LINE)
    assert overlapping.value.field == "covered_from"
    with pytest.raises(FieldError):
        place([replace(before, since=200, digest=LINE.digest)], LINE)
    assert place([replace(before, digest=LINE.digest)], LINE).fate is Fate.UNCHANGED, "the file is read a second time"
    assert place([replace(before, since=901, until=950)], LINE).fate is Fate.TAKEN


@pytest.mark.parametrize(
    ("until", "ended", "ends"),
    [
        (899, True, True),
        (900, True, False),
        (TODAY + SHRINK_AHEAD_DAYS, False, True),
        (TODAY + SHRINK_AHEAD_DAYS + 1, False, False),
        (KNOWN.since, True, True),
        (KNOWN.since - 1, True, False),
        (TODAY - 1, False, True),
    ],
)
def test_cover_is_taken_away_by_what_ends_soon_or_says_that_it_ended(until: int, ended: bool, ends: bool) -> None:
    line = replace(LINE, since=50, until=until)
    assert ends_a_right([KNOWN], line, ended=ended, today=TODAY) is ends


def test_only_cover_that_runs_is_taken_away_and_only_by_what_is_not_older() -> None:
    line = replace(LINE, until=TODAY)
    for since, until, runs in (
        (TODAY, 900, True), (TODAY + 1, 900, False), (100, TODAY - 1, False), (100, TODAY + 1, True)
    ):  # fmt: skip
        assert ends_a_right([replace(KNOWN, since=since, until=until)], line, ended=True, today=TODAY) is runs
    assert not ends_a_right([replace(KNOWN, effective=TODAY + 1)], line, ended=True, today=TODAY)
    assert ends_a_right([replace(KNOWN, effective=TODAY)], line, ended=True, today=TODAY)
    assert not ends_a_right([], line, ended=True, today=TODAY)


def test_a_line_of_a_day_ahead_is_weighed_today_too() -> None:
    ahead = replace(LINE, effective=TODAY + 90, until=TODAY + 10)
    running = replace(KNOWN, until=TODAY + 60)
    assert ends_a_right([running], ahead, ended=True, today=TODAY)
    assert not ends_a_right([running], ahead, ended=True, today=TODAY + 90), "it no longer runs that day"
    begins = replace(KNOWN, since=TODAY + 80)
    assert ends_a_right([begins], replace(ahead, until=TODAY + 100), ended=True, today=TODAY), (
        "it runs that day alone"
    )
    past = replace(LINE, effective=TODAY - 100, until=TODAY - 60)
    over = replace(KNOWN, until=TODAY - 50, effective=300)
    assert ends_a_right([over], past, ended=True, today=TODAY), "of a day gone by, on its own day"


@pytest.mark.parametrize(
    ("since", "until", "domains", "ends"),
    [
        (TODAY, 900, 0b01, True),
        (TODAY, 900, 0b111, False),
        (TODAY + SHRINK_AHEAD_DAYS, 900, 0b01, True),
        (TODAY + SHRINK_AHEAD_DAYS + 1, 900, 0b01, False),
        (50, TODAY, 0b01, True),
        (50, TODAY - 1, 0b01, True),
    ],
)
def test_a_domain_left_out_soon_is_taken_away(since: int, until: int, domains: int, ends: bool) -> None:
    line = replace(LINE, since=since, until=until, domains=domains)
    assert ends_a_right([KNOWN], line, ended=False, today=TODAY) is ends


def test_a_domain_left_out_after_the_cover_s_own_end_takes_nothing() -> None:
    ending = replace(KNOWN, until=TODAY + 5)
    follows = replace(LINE, since=TODAY + 6, domains=0b01)
    assert not ends_a_right([ending], follows, ended=False, today=TODAY)
    assert ends_a_right([ending], replace(follows, since=TODAY + 5), ended=False, today=TODAY)
    last_day = replace(KNOWN, until=TODAY)
    assert ends_a_right([last_day], replace(LINE, until=TODAY, domains=0b01), ended=False, today=TODAY)
