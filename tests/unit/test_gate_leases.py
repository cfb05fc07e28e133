"""What one process holds of the lines that many share: good for its own day, drawn again in time, given back."""

import pytest

from tierce.gate.leases import HELD_MAX, WANTED, Draw, Leases

DAY = 20_000
SOFTWARE, NATION = (5, 1), (9, 0)
KEYS = (SOFTWARE, NATION)


def holding(units: int, *, day: int = DAY) -> Leases:
    """A process that was given so many units of each line, as many as it wanted."""
    leases = Leases()
    leases.add([Draw(key, units) for key in KEYS], day, [units] * len(KEYS))
    return leases


def test_a_unit_serves_once_on_its_own_day_and_only_where_every_line_has_one() -> None:
    leases = holding(1)
    assert leases.room(KEYS, DAY)
    assert not leases.room(KEYS, DAY - 1)
    assert not leases.room(KEYS, DAY + 1)
    assert not leases.room([*KEYS, (7, 3)], DAY), "nothing was ever drawn of that one"
    leases.take([NATION])
    assert not leases.room(KEYS, DAY)
    assert leases.room([SOFTWARE], DAY)


def test_what_was_rolled_back_serves_again_on_its_day_alone() -> None:
    leases = holding(1)
    leases.take(KEYS)
    leases.undo({NATION: 1, SOFTWARE: 1}, DAY - 1)
    assert not leases.room(KEYS, DAY)
    leases.undo({NATION: 1, SOFTWARE: 1}, DAY)
    assert leases.room(KEYS, DAY)
    leases.take(KEYS)
    assert not leases.room(KEYS, DAY), "one unit and no more"


def test_units_of_a_day_gone_by_are_not_held_and_those_of_a_new_day_take_their_place() -> None:
    leases = holding(3)
    leases.add([Draw(NATION, 5)], DAY - 1, [5])
    leases.take([NATION] * 3)
    assert not leases.room([NATION], DAY)
    leases.add([Draw(NATION, 2)], DAY + 1, [2])
    assert not leases.room([SOFTWARE], DAY + 1)
    leases.take([NATION] * 2)
    assert not leases.room([NATION], DAY + 1)


def test_what_is_left_of_yesterday_is_given_back_once_with_the_next_draw() -> None:
    leases = holding(3)
    leases.take([NATION] * 3 + [SOFTWARE] * 2)
    leases.add([], DAY + 1, [])
    assert leases.short(KEYS, DAY + 1) == [Draw(SOFTWARE, WANTED, DAY, 1), Draw(NATION, WANTED)]
    assert leases.short(KEYS, DAY + 1) == [Draw(SOFTWARE, WANTED), Draw(NATION, WANTED)]


@pytest.mark.parametrize(("left", "drawn"), [(3, True), (4, True), (5, False)])
def test_a_batch_that_was_short_draws_as_much_as_it_asks(left: int, drawn: bool) -> None:
    leases = holding(left)
    found = leases.short([NATION] * 4, DAY)
    assert found == ([Draw(NATION, WANTED)] if drawn else [])
    assert leases.short([NATION] * (WANTED + 4), DAY) == [Draw(NATION, WANTED + 4)]


def test_a_clock_put_back_draws_nothing() -> None:
    leases = holding(1)
    assert leases.short([NATION] * 4, DAY - 1) == []
    assert leases.low(DAY - 1) == leases.low(DAY + 1) == []
    assert holding(9).short([NATION], DAY + 1) == [Draw(NATION, WANTED)], "a new day has nothing yet"


@pytest.mark.parametrize(("spent", "low"), [(60, False), (61, True)])
def test_a_block_is_drawn_again_once_less_than_a_quarter_is_left(spent: int, low: bool) -> None:
    leases = holding(80)
    leases.take([NATION] * spent)
    assert leases.low(DAY) == ([Draw(NATION, WANTED)] if low else [])


def test_a_line_that_gave_less_than_was_wanted_is_not_asked_again_at_once() -> None:
    leases = Leases()
    leases.add([Draw(NATION, WANTED), Draw(SOFTWARE, WANTED)], DAY, [WANTED - 1, WANTED])
    leases.take([NATION] * (WANTED - 1))
    leases.take([SOFTWARE] * WANTED)
    assert leases.short(KEYS, DAY) == [Draw(SOFTWARE, WANTED)]
    assert leases.low(DAY) == [Draw(SOFTWARE, WANTED)]
    leases.add([], DAY + 1, [])
    assert {draw.key for draw in leases.short(KEYS, DAY + 1)} == set(KEYS), "a new day may have some"


def test_a_process_that_ends_gives_back_what_it_holds_and_holds_nothing_more() -> None:
    leases = holding(2)
    leases.take([NATION] * 2)
    assert leases.all_back() == [Draw(SOFTWARE, 0, DAY, 2)]
    assert leases.all_back() == []
    assert not leases.room([SOFTWARE], DAY)


def test_no_call_draws_from_more_lines_than_the_database_allows() -> None:
    many = [(5, number) for number in range(HELD_MAX + 1)]
    leases = Leases()
    leases.add([Draw(key, 100) for key in many], DAY, [100] * len(many))
    leases.take(many * 99)
    assert len(leases.low(DAY)) == HELD_MAX
    assert len(leases.short(many, DAY)) == HELD_MAX
    assert len(leases.all_back()) == HELD_MAX
