"""The queue in front of signing in: never more than so many a second, each turn once, and nobody passes another."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tierce.policy.returning import AT_ONCE_SECONDS, QUEUE_FOR, SHARED_FROM, TURN_FOR
from tierce.web.portal.turns import Turn, Turns

A_SECOND = 4
AT_ONCE = AT_ONCE_SECONDS * A_SECOND
gaps = st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=200)


@given(gaps)
def test_never_more_begin_than_the_pace_and_what_a_quiet_time_saved(between: list[float]) -> None:
    turns, now, began = Turns(A_SECOND), 1000.0, list[float]()
    for gap in between:
        now += gap
        turn = turns.enter("", now)
        if turns.begin(turn.written, now):
            assert turn.come
            began.append(now)
    for first in range(len(began)):
        for last in range(first, len(began)):
            most = AT_ONCE + (began[last] - began[first]) * A_SECOND + 1
            assert last - first + 1 <= most + 1e-6


@given(st.integers(1, 400))
def test_turns_come_in_the_order_of_those_who_came_and_at_the_pace(many: int) -> None:
    turns = Turns(A_SECOND)
    given_ = [turn for turn in (turns.enter("", 50.0) for _ in range(AT_ONCE + 1 + many)) if not turn.come]
    assert not any(turns.begin(turn.written, 50.0) for turn in given_)
    assert len(given_) == many
    waits = [turn.wait for turn in given_]
    assert waits == sorted(waits)
    assert all(abs(after - before - 1 / A_SECOND) < 1e-6 for before, after in pairwise(waits))
    assert len({turn.written for turn in given_}) == many


def _first_turn(turns: Turns, now: float) -> Turn:
    """Come until somebody has to wait."""
    return next(turn for turn in (turns.enter("", now) for _ in range(AT_ONCE + 2)) if not turn.come)


@given(st.text(max_size=60))
def test_what_this_process_did_not_write_is_no_turn(held: str) -> None:
    turns = Turns(A_SECOND)
    own = _first_turn(turns, 10.0)
    strange = turns.enter(held, 10.0)
    assert strange.wait > own.wait
    assert strange.written not in ("", held, own.written)


@given(st.integers(0, 2**32))
def test_one_character_more_or_less_is_no_turn(where: int) -> None:
    turns = Turns(A_SECOND)
    own = _first_turn(turns, 10.0)
    place = where % len(own.written)
    changed = own.written[:place] + ("1" if own.written[place] != "1" else "2") + own.written[place + 1 :]
    assert turns.enter(changed, 10.0 + own.wait).written != changed
    assert turns.enter(own.written, 10.0 + own.wait).come


def test_a_turn_is_told_again_until_it_comes_then_serves_once_and_for_its_time() -> None:
    turns = Turns(A_SECOND)
    first, second = _first_turn(turns, 10.0), turns.enter("", 10.0)
    again = turns.enter(first.written, 10.0 + first.wait / 2)
    assert again.written == first.written
    assert abs(again.wait - first.wait / 2) < 0.001
    come = 10.0 + first.wait + 0.001
    for _ in range(2):
        assert turns.enter(first.written, come) == Turn(0, first.written), "looking at it uses no turn"
    assert turns.begin(first.written, come)
    assert not turns.begin(first.written, come)
    for _ in range(AT_ONCE + 2):
        turns.enter("", come)
    assert not turns.enter(first.written, come).come
    late = 10.0 + second.wait + TURN_FOR.total_seconds() + 0.01
    for _ in range(AT_ONCE + 2):
        turns.enter("", late)
    assert not turns.enter(second.written, late).come
    assert not turns.begin(second.written, late)


def test_a_turn_of_another_process_is_none() -> None:
    one, other = Turns(A_SECOND), Turns(A_SECOND)
    held = _first_turn(one, 10.0)
    _first_turn(other, 10.0)
    told = other.enter(held.written, 10.0 + held.wait)
    assert told.written != held.written
    assert not other.begin(held.written, 10.0 + held.wait)


def test_past_the_longest_queue_nobody_has_a_turn_and_they_are_spread() -> None:
    turns, longest = Turns(A_SECOND), QUEUE_FOR.total_seconds()
    for _ in range(round((longest + AT_ONCE_SECONDS) * A_SECOND) + 2):
        turns.enter("", 10.0)
    away = [turns.enter("", 10.0) for _ in range(50)]
    assert {turn.written for turn in away} == {""}
    assert all(longest / 2 <= turn.wait <= longest for turn in away)
    assert len({round(turn.wait / longest * 20) for turn in away}) >= 10
    assert not turns.enter("", 10.0 + longest - 1).come
    assert turns.enter("", 10.0 + longest + 2).come, "fifty who have no turn lengthen nothing"


def network(number: int) -> bytes:
    return b"1|4|" + number.to_bytes(3, "big")


HERS = network(2**24 - 1)
crowds = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 20, allow_nan=False)), min_size=1, max_size=300)


@given(crowds, st.integers(0, 1_000))
def test_whoever_comes_from_elsewhere_waits_for_so_many_networks_whatever_each_of_them_takes(
    between: list[tuple[int, float]], at_once: int
) -> None:
    turns, now = Turns(A_SECOND), 1000.0
    for _ in range(at_once):
        turns.enter("", now, network(0))
    for number, gap in between:
        now += gap
        turns.enter("", now, network(number))
    others = len({number for number, _ in between} | {0})
    told = turns.enter("", now, HERS)
    assert told.written
    assert told.wait <= max(SHARED_FROM.total_seconds(), (others + 1) * 2 / A_SECOND)


@given(crowds)
def test_turns_of_both_queues_are_at_most_half_as_many_again_as_the_pace(between: list[tuple[int, float]]) -> None:
    turns, now, come = Turns(A_SECOND), 1000.0, list[float]()
    for number, gap in between:
        now += gap / 40
        for _ in range(4):
            turn = turns.enter("", now, network(number))
            come += [now + turn.wait] if turn.written else []
    come.sort()
    for first, last in pairwise(range(0, len(come), 40)):
        seconds = come[last] - come[first]
        assert last - first <= AT_ONCE + seconds * A_SECOND * 1.5 + 2


def test_many_of_as_many_networks_have_the_whole_pace_and_no_more() -> None:
    """A whole country that comes back: each from her own place."""
    turns, many = Turns(A_SECOND), 2_000
    waits = [turns.enter("", 10.0, network(number)).wait for number in range(many)]
    assert max(waits) <= (many - AT_ONCE) / A_SECOND + 1
    assert sum(wait <= 200 for wait in waits) <= AT_ONCE + 200 * A_SECOND + 61 * A_SECOND / 2


def test_a_crowd_of_addresses_no_longer_shuts_others_out_for_half_an_hour() -> None:
    """1,440 addresses of as many networks, ten requests each at once and one a second after, for a minute."""
    turns, addresses, longest = Turns(8), 1_440, 0.0
    for second in range(60):
        for address in range(addresses):
            for _ in range(10 if second == 0 else 1):
                turns.enter("", float(second), network(address))
        her = turns.enter("", second + 0.5, network(100_000 + second))
        assert her.written, "she has a turn"
        longest = max(longest, her.wait)
    assert longest <= (addresses + 60) / 4 + 1
    few = Turns(8)
    for _ in range(20_000):
        few.enter("", 0.0, network(1))
    assert few.enter("", 0.0, HERS).wait <= 0.5, "of one network, nobody else waits"


def test_two_of_one_network_do_not_both_wait_in_the_queue_of_networks() -> None:
    turns = Turns(A_SECOND)
    for _ in range(2_000):
        turns.enter("", 10.0, network(1))
    for number in range(2, 8):
        turns.enter("", 10.0, network(number))
    hers, beside = turns.enter("", 10.0, HERS), turns.enter("", 10.0, HERS)
    assert 0 < hers.wait < 10
    assert beside.wait > 400
    assert turns.enter("", 10.0 + hers.wait, HERS).wait < 10, "once hers has come another may stand there"
    assert turns.begin(hers.written, 10.0 + hers.wait + 0.001)
