"""Over all cohorts and catalogues: adding a leak, or a category, never lowers a score."""

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tierce.incidents.severity.catalogue import reached
from tierce.incidents.severity.model import (
    Adjustment,
    Cohort,
    Controller,
    Count,
    DataClass,
    Ease,
    Leak,
    Loss,
    Scoring,
)
from tierce.incidents.severity.rules import couple, score
from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.language import Phrase

CATEGORIES = st.sets(st.sampled_from(sorted(LABELS))).map(lambda found: DataCategory(sum(found)))
LEAKS = st.lists(
    st.builds(Leak, st.text("abc", min_size=1), st.just(Phrase("fuite", "leak")), CATEGORIES, st.just(9)),
    max_size=5,
)
COUNTS = st.integers(1, 10_000).map(lambda most: Count(1, most, "compté"))
COHORTS = st.builds(Cohort, st.just("c"), st.just("c"), st.sampled_from(Controller), CATEGORIES, COUNTS, COUNTS)
SCORINGS = st.builds(
    Scoring,
    data_class=st.sampled_from(DataClass),
    class_reason=st.just("raison"),
    adjustments=st.lists(st.builds(Adjustment, st.sampled_from([-1, 1]), st.just("raison")), max_size=3).map(tuple),
    ease=st.sampled_from(Ease),
    ease_reason=st.just("raison"),
    confidentiality=st.sampled_from(Loss),
    integrity=st.sampled_from(Loss),
    availability=st.sampled_from(Loss),
    malicious=st.booleans(),
    circumstances_reason=st.just("raison"),
    unintelligible=st.booleans(),
)


@given(COHORTS, SCORINGS, LEAKS, LEAKS)
def test_adding_a_leak_never_lowers_a_score(
    whose: Cohort, scoring: Scoring, some: list[Leak], more: list[Leak]
) -> None:
    alone, few, many = score(whose, scoring), couple(whose, scoring, some), couple(whose, scoring, some + more)
    assert alone.value <= few.score.value <= many.score.value
    assert alone.level <= few.score.level <= many.score.level
    assert set(few.capabilities) <= set(many.capabilities)
    assert few.attributes in many.attributes


@given(COHORTS, SCORINGS)
def test_the_arithmetic_shown_is_the_value_and_a_floor_only_raises(whose: Cohort, scoring: Scoring) -> None:
    found = score(whose, scoring)
    context, ease, *circumstances = found.steps
    assert context.value * ease.value + sum((one.value for one in circumstances), Decimal(0)) == found.value
    assert found.level >= found.arithmetic
    assert Decimal("0.25") <= found.value <= Decimal(6)


@given(CATEGORIES, LEAKS, st.randoms())
def test_what_is_reached_does_not_depend_on_the_order_of_leaks(
    own: DataCategory, leaks: list[Leak], random: Random
) -> None:
    shuffled = sorted(leaks, key=lambda _: random.random())
    assert reached(own, leaks)[0] == reached(own, shuffled)[0]
