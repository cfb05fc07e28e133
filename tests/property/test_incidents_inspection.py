"""Shares and delays of people told: what the definitions say, for any counts."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tierce.incidents.inspection.model import Exposed, Told
from tierce.incidents.inspection.rules import (
    HALF,
    MOST,
    by_cohort,
    by_insurer,
    of_earlier_lists,
    once,
    reached,
    share,
    whole,
)
from tierce.kernel.ids import InsurerId

MINUTES = st.dictionaries(st.integers(-300, 9_000), st.integers(1, 50), max_size=8)
COHORTS = ("insured", "invoices", "professionals")


@given(MINUTES, MINUTES)
def test_an_insurer_s_people_are_told_by_one_of_two_who_wrote_to_them(
    sent: dict[int, int], reported: dict[int, int]
) -> None:
    """Its counts do not say to whom: added up, one person told twice would stand for one whom nothing reached."""
    ours, theirs = ([Told(InsurerId(1), "", *one) for one in some.items()] for some in (sent, reported))
    other = Told(InsurerId(2), "", 1, 3)
    kept = once([*ours, other], theirs)
    assert other in kept
    assert sum(one.pairs for one in kept) - 3 == max(sum(sent.values()), sum(reported.values()))


@given(st.integers(0, 400), MINUTES)
def test_a_delay_is_that_of_the_pair_that_completes_the_part(exposed: int, told: dict[int, int]) -> None:
    one_by_one = sorted(minute for minute, count in told.items() for _ in range(count))
    for part in (HALF, MOST):
        needed = -(-part.numerator * exposed // part.denominator)
        expected = None
        if exposed and len(one_by_one) >= needed:
            expected = Fraction(max(one_by_one[needed - 1], 0), 60)
        assert reached(exposed, told, part) == expected


@given(st.integers(0, 40), st.integers(0, 60), MINUTES)
def test_what_an_insurer_reported_of_an_earlier_list_is_no_share_of_whom_came_after(
    exposed: int, later: int, minutes: dict[int, int]
) -> None:
    said = [Told(InsurerId(1), "", minute, pairs) for minute, pairs in minutes.items()]
    kept = of_earlier_lists([Exposed(InsurerId(1), "insured", exposed)], said, {InsurerId(1): later})
    assert sum(one.pairs for one in kept) == min(sum(minutes.values()), max(exposed - later, 0))
    assert [one.minute for one in kept] == sorted(minutes)[: len(kept)], "the earliest first"


@given(st.integers(0, 400), MINUTES)
def test_the_half_is_never_later_than_nearly_all_and_nobody_is_told_twice(exposed: int, told: dict[int, int]) -> None:
    found = share(exposed, told)
    assert 0 <= found.told <= exposed
    assert 0 <= found.percent <= 100
    assert (found.percent == 100) is (found.told == exposed)
    if found.p95 is not None:
        assert found.p50 is not None
        assert found.p50 <= found.p95
        assert 100 * found.told >= 95 * exposed


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.sampled_from(COHORTS)),
        st.lists(st.tuples(st.integers(0, 9_000), st.integers(1, 20)), max_size=4),
        max_size=8,
    ),
    st.integers(0, 20),
)
def test_groups_add_up_to_the_whole(groups: dict[tuple[int, str], list[tuple[int, int]]], untold: int) -> None:
    exposed = [
        Exposed(InsurerId(insurer), cohort, untold + sum(count for _, count in minutes))
        for (insurer, cohort), minutes in groups.items()
    ]
    told = [
        Told(InsurerId(insurer), cohort, minute, count)
        for (insurer, cohort), minutes in groups.items()
        for minute, count in minutes
    ]
    together = whole(exposed, told)
    for parts in (by_cohort(exposed, told).values(), by_insurer(exposed, told).values()):
        assert sum(one.exposed for one in parts) == together.exposed
        assert sum(one.told for one in parts) == together.told


def test_a_report_without_cohort_counts_for_the_only_cohort_an_insurer_has() -> None:
    exposed = [
        Exposed(InsurerId(1), "insured", 2),
        Exposed(InsurerId(2), "insured", 2),
        Exposed(InsurerId(2), "invoices", 1),
    ]
    told = [Told(InsurerId(1), "", 60, 2), Told(InsurerId(2), "", 60, 3)]
    cohorts = by_cohort(exposed, told)
    assert (cohorts["insured"].told, cohorts["invoices"].told) == (2, 0)
    assert whole(exposed, told).told == 5


def test_what_an_insurer_reports_counts_for_the_only_cohort_in_which_it_has_anybody() -> None:
    oak, elm = InsurerId(1), InsurerId(2)
    exposed = [Exposed(oak, "insured", 4), Exposed(oak, "invoices", 0), Exposed(elm, "invoices", 3)]
    said = [Told(oak, "", 60, 3), Told(elm, "invoices", 30, 2)]
    found = by_cohort(exposed, said)
    assert (found["insured"], found["invoices"]) == (share(4, {60: 3}), share(3, {30: 2}))
    both = by_cohort([*exposed, Exposed(oak, "invoices", 1)], said)
    assert both["insured"] == share(4, {}), "of which cohort it does not say"
