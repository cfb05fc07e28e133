"""When accounts that reach their limit together are called a crowd."""

from tierce.policy.crowds import CROWD_DAYS, is_crowd, usual


def test_a_few_accounts_are_no_crowd_even_where_there_were_none() -> None:
    assert not is_crowd(5, [0] * CROWD_DAYS)
    assert is_crowd(6, [0] * CROWD_DAYS)


def test_a_busy_cell_needs_more() -> None:
    busy = [40, 44, 38, 51, 42] * 4
    assert not is_crowd(55, busy)
    assert is_crowd(90, busy)


def test_a_cell_whose_days_differ_much_needs_more() -> None:
    uneven = [10, 30] * 10
    assert usual(uneven) == 20 + 5 * 10 * 1.4826
    assert not is_crowd(94, uneven)
    assert is_crowd(95, uneven)


def test_one_attack_in_the_past_does_not_hide_the_next() -> None:
    assert usual([*[2] * 19, 400]) < 10


def test_without_a_past_the_floor_decides() -> None:
    assert is_crowd(6, [])
    assert not is_crowd(5, [])
