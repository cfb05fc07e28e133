"""The oracle test's own judge: it sees a delay, a byte or a header, and sees nothing where there is nothing."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.load import Record
from tierce.lab.bench.oracle.classify import Seen, auc, control, every_pair, held_out, worst
from tierce.lab.bench.oracle.service import KINDS, Crowd, OraclePlan, as_seen, draw_asks
from tierce.lab.bench.traffic import Ask, Traffic, place_of
from tierce.policy.seats import DAY_LIMITS, SEATS, cap_of

SHAPE = (200, b"HTTP/1.1 200 OK", 2_048, 7)
EACH = 3_000


def answers(seed: int, *, later: float = 0, wider: float = 1, shape: tuple[object, ...] = SHAPE) -> list[Seen]:
    """Answers as a busy service gives them: some milliseconds, with a long tail."""
    drawn = random.Random(seed)
    return [Seen(0.002 + later + 0.001 * drawn.lognormvariate(0, 0.5 * wider), shape) for _ in range(EACH)]


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auc([1, 2, 3], [4, 5]) == 1
    assert auc([4, 5], [1, 2, 3]) == 0
    assert auc([1, 1], [1, 1]) == 0.5
    assert auc([1, 3], [2, 4]) == 0.75


def test_two_kinds_that_are_alike_are_not_told_apart() -> None:
    pairs = every_pair({"a": answers(1), "b": answers(2), "c": answers(3)}, seed=1)
    assert pairs.keys() == {"a / b", "a / c", "b / c"}
    assert worst(pairs) <= 0.53


def test_a_delay_is_seen_by_time() -> None:
    for first, second in ((answers(1), answers(2, later=0.0005)), (answers(1, later=0.0005), answers(2))):
        judged = held_out(first, second, seed=1)
        assert judged["time"] > 0.65
        assert judged["all"] > 0.65
        assert judged["shape"] == 0.5


def test_a_spread_is_seen_though_the_middle_is_the_same() -> None:
    judged = held_out(answers(1), answers(2, wider=3), seed=1)
    assert judged["time"] < 0.55
    assert judged["all"] > 0.7


@pytest.mark.parametrize("other", [(403, *SHAPE[1:]), (200, b"HTTP/1.1 200 OK\r\nx: 1", 2_048, 7), (*SHAPE[:3], 8)])
def test_a_status_a_header_or_a_body_is_seen(other: tuple[object, ...]) -> None:
    judged = held_out(answers(1), answers(2, shape=other), seed=1)
    assert judged["shape"] == judged["all"] == 1


def test_the_control_says_which_delay_would_have_been_seen() -> None:
    found = control(answers(1), seed=1)
    assert list(found) == ["0 µs", "20 µs", "50 µs", "100 µs", "500 µs"]
    assert found["0 µs"] < 0.54
    assert found["500 µs"] > 0.65
    assert all(less <= more + 0.02 for less, more in pairwise(found.values()))


def test_the_date_alone_is_left_out_of_what_is_compared() -> None:
    heads = (
        b"HTTP/1.1 200 OK\r\ndate: Wed, 25 Nov 2026 20:00:00 GMT\r\na: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ndate: Wed, 25 Nov 2026 20:00:01 GMT\r\na: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ndate: Wed, 25 Nov 2026 20:00:01 GMT\r\na: c\r\n\r\n",
    )
    one, later, other = (as_seen(Record(0, 200, 0.1, head, 2_048, 7)) for head in heads)
    assert one == later
    assert other != one


def test_kinds_are_as_many_mixed_and_within_what_a_day_allows() -> None:
    each = 2_000
    crowd = Crowd.of(each)
    traffic = Traffic(desks=crowd.size, persons=each, seed=1)
    asks = draw_asks(crowd, traffic, each, seed=1)
    assert Counter(kind for kind, _ in asks) == dict.fromkeys(KINDS, each)
    first = Counter(kind for kind, _ in asks[: len(asks) // 10])
    assert min(first.values()) > 0.7 * max(first.values())
    of_desk = Counter(ask.desk for _, ask in asks)
    for desk, count in of_desk.items():
        profession = place_of(desk)[0]
        assert count < DAY_LIMITS[profession].attempts
        if desk in crowd.roomy:
            assert count <= cap_of(SEATS[profession].a)
    assert len({ask for kind, ask in asks if kind in ("unknown", "not_covered")}) == 2 * each
    assert {kind for kind, ask in asks if ask.desk in crowd.full} == {"out_of_seats"}
    known = [ask for _, ask in asks if ask.desk in crowd.spent]
    assert all(one.person in traffic.known[one.desk] for one in known)
    assert isinstance(asks[0][1], Ask)


@pytest.mark.parametrize("wrong", [{"each": 100}, {"each": 200_000}, {"rate": 5}, {"rate": 5_000}])
def test_a_plan_that_would_measure_something_else_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BenchError, match="--"):
        OraclePlan(**wrong)
