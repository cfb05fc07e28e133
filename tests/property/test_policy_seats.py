"""What the rule of seats promises whatever happens: its roll, its stored form, and the bound of a thief."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tierce.kernel.clock import date_of
from tierce.policy.seats import (
    DORMANT_DAYS,
    PROBATION_DAYS,
    SEAT_DAYS,
    Line,
    SeatConstants,
    cap_of,
    effective_limit,
    has_room,
    pack,
    prove,
    roll,
    take,
    unpack,
    withdraw,
)

START = 20_003


@st.composite
def constants(draw: st.DrawFn) -> SeatConstants:
    """Constants of a profession, small ones too."""
    base = draw(st.integers(0, 60))
    return SeatConstants(base, draw(st.sampled_from([0, 33, 50, 100])), draw(st.integers(base, base + 200)))


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any line, in probation or not, with any history."""
    day = draw(st.integers(START, START + 40))
    small = st.integers(0, 40)
    return Line(
        day=day,
        since=day - draw(st.integers(0, 100)),
        limit=draw(st.integers(0, 260)),
        today=draw(small),
        attempts=draw(small),
        known=draw(small),
        weeks=draw(st.integers(0, 60)),
        freed_256=draw(st.integers(0, 256 * 60)),
        freed_week=draw(st.integers(-40, 60)),
        refused=draw(small),
        seats=tuple(draw(st.lists(st.integers(0, 6), min_size=SEAT_DAYS, max_size=SEAT_DAYS))),
        proofs=draw(st.integers(0, 3)),
    )


def fresh(rule: SeatConstants) -> Line:
    """An empty line out of probation."""
    return Line(START, START - PROBATION_DAYS, rule.a, 0, 0, 0, 0, 0, 0, 0, (0,) * SEAT_DAYS, 1)


@given(lines(), constants(), st.integers(0, 30), st.integers(0, 30))
def test_rolling_in_two_steps_is_rolling_once(line: Line, rule: SeatConstants, first: int, then: int) -> None:
    once = roll(line, rule, line.day + first + then)
    assert roll(roll(line, rule, line.day + first), rule, line.day + first + then) == once


@given(lines(), constants(), st.integers(-90, 200))
def test_rolling_again_or_back_changes_nothing(line: Line, rule: SeatConstants, ahead: int) -> None:
    rolled = roll(line, rule, line.day + ahead)
    assert roll(rolled, rule, line.day + ahead) == rolled
    if ahead <= 0:
        assert rolled == line


@given(lines(), constants(), st.integers(1, DORMANT_DAYS))
def test_rolling_never_takes_a_seat(line: Line, rule: SeatConstants, ahead: int) -> None:
    rolled = roll(line, rule, line.day + ahead)
    assert rolled.open <= line.open
    assert all(seats >= 0 for seats in rolled.seats)
    assert (rolled.today, rolled.attempts, rolled.known, rolled.refused) == (0, 0, 0, 0)
    if ahead >= SEAT_DAYS:
        assert rolled.open == 0


@given(lines(), constants(), st.integers(1, DORMANT_DAYS))
def test_the_limit_changes_on_mondays_only_and_stays_under_its_top(
    line: Line, rule: SeatConstants, ahead: int
) -> None:
    rolled = roll(line, rule, line.day + ahead)
    mondays = [day for day in range(line.day + 1, rolled.day + 1) if date_of(day).weekday() == 0]
    if mondays:
        assert min(rule.a, rule.top) <= rolled.limit <= rule.top
    else:
        assert rolled.limit == line.limit


@given(lines(), st.integers(0, 60))
def test_a_proof_then_its_withdrawal_is_nothing(line: Line, age: int) -> None:
    held = line.seats[(line.day - age) % SEAT_DAYS] > 0 or age >= SEAT_DAYS
    proved = prove(line, line.day - age)
    assert line.open - proved.open == (1 if held and age < SEAT_DAYS else 0)
    assert proved.freed_week == line.freed_week + 1
    if held:
        assert withdraw(proved, line.day - age) == line


@given(lines(), st.permutations(range(8)))
def test_the_order_of_proofs_does_not_matter(line: Line, order: list[int]) -> None:
    straight, shuffled = line, line
    for age in range(8):
        straight = prove(straight, line.day - age)
    for age in order:
        shuffled = prove(shuffled, line.day - age)
    assert straight == shuffled


@given(lines())
def test_the_stored_form_is_read_back_as_it_was(line: Line) -> None:
    stored = pack(line)
    assert unpack(stored) == line
    assert len(stored) <= 256


@given(lines(), st.integers(1, 4))
def test_a_seat_is_taken_within_the_limit_and_the_cap_or_not_at_all(line: Line, weight: int) -> None:
    limit = effective_limit(line)
    if has_room(line, weight):
        after = take(line, weight)
        assert after.open == line.open + weight <= limit
        assert after.today == line.today + weight <= cap_of(limit)
    else:
        assert line.open + weight > limit or line.today + weight > cap_of(limit)


def steal(rule: SeatConstants, days: int, wishes: list[int], owner: list[int], chance: random.Random) -> list[int]:
    """A thief beside a working owner: people learned each day, of as many tried as wished.

    The owner asks and proves; the thief never proves. Also checks the theorem of any 30 days on the way.
    """
    line = fresh(rule)
    learned: list[int] = []
    limits: list[int] = []
    owners: list[int] = []
    for number in range(days):
        line = roll(line, rule, START + number)
        for _ in range(owner[number % len(owner)]):
            if has_room(line):
                line = take(line)
                owners.append(line.day)
        chance.shuffle(owners)
        for _ in range(len(owners) // 2):
            line = prove(line, owners.pop())
        today = 0
        for _ in range(wishes[number % len(wishes)]):
            if not has_room(line):
                break  # a refusal changes nothing: the rest of the day's wishes would end the same
            line = take(line)
            today += 1
        limits.append(effective_limit(line))
        learned.append(today)
        assert today <= cap_of(limits[-1])
        assert sum(learned[-SEAT_DAYS:]) <= max(limits[-SEAT_DAYS:])
    return learned


@given(
    constants(),
    st.integers(1, 150),
    st.lists(st.sampled_from([0, 0, 1, 2, 7, 1_000]), min_size=1, max_size=40),
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
    st.integers(0, 2**32),
)
def test_no_thief_learns_more_than_the_bound(
    rule: SeatConstants, days: int, wishes: list[int], owner: list[int], shuffle: int
) -> None:
    learned = steal(rule, days, wishes, owner, random.Random(shuffle))
    assert sum(learned) <= min(cap_of(rule.top) * days, rule.top * -(-days // SEAT_DAYS))


@given(constants(), st.integers(1, 120))
def test_the_greediest_thief_alone_reaches_the_bound_and_no_more(rule: SeatConstants, days: int) -> None:
    learned = steal(rule, days, [10_000], [0], random.Random(0))
    assert sum(learned) <= min(cap_of(rule.a) * days, rule.a * -(-days // SEAT_DAYS))
    if days >= SEAT_DAYS:
        assert sum(learned[:SEAT_DAYS]) == rule.a


@given(st.lists(st.tuples(constants(), st.integers(1, 1_000)), min_size=1, max_size=6), st.integers(1, 70))
def test_the_bound_of_several_lines_is_the_sum(thefts: list[tuple[SeatConstants, int]], days: int) -> None:
    chance = random.Random(days)
    total = sum(sum(steal(rule, days, [wish], [0], chance)) for rule, wish in thefts)
    assert total <= sum(min(cap_of(rule.a) * days, rule.a * -(-days // SEAT_DAYS)) for rule, _ in thefts)


@given(lines(), constants(), st.integers(0, 200))
def test_a_refusal_costs_and_gains_nothing(line: Line, rule: SeatConstants, ahead: int) -> None:
    rolled = roll(line, rule, line.day + ahead)
    if not has_room(rolled):
        again = roll(rolled, rule, rolled.day)
        assert again == rolled
        assert not has_room(replace(again, refused=again.refused + 1))
