"""What honest behaviour is documented to be, and what is drawn from it."""

from datetime import date
from itertools import repeat

import numpy as np
import pytest

from tierce.kernel.care import Profession
from tierce.kernel.clock import day_of
from tierce.lab.arena.crowd import Sharing, live_all, open_desks
from tierce.lab.arena.parts import Parts
from tierce.lab.behaviour.days import draw_crowd, draw_days, factors, on_devices
from tierce.lab.behaviour.model import PROFESSIONS, habits, tables, year
from tierce.policy.evidence import CAPS, FLOOR_SHARES, Indicator
from tierce.policy.seats import SEATS

JANUARY = day_of(date(2026, 1, 1))


def test_every_number_has_a_unit_a_mark_and_a_source() -> None:
    for section in [each for table in tables() for each in table.values()]:
        assert section["unit"]
        assert section["source"]
        assert section["mark"] in {"sourced", "derived", "assumed"}
    assert set(habits()) == set(PROFESSIONS.values())


def test_misses_rise_in_january_and_august_is_quiet() -> None:
    asks, misses, first, tourists = factors(year(), JANUARY, 365)
    assert misses[2] == 6.0
    assert misses[20] == 3.0
    assert misses[40] == 1.0
    assert first[10] == pytest.approx(1.3)
    assert asks[213:243].mean() < 0.75 * asks[150:180].mean()
    assert tourists[200] == 3.0


def test_what_january_has_more_of_is_contracts_that_ended() -> None:
    rng = np.random.default_rng(3)
    mine = habits()[Profession.PHARMACY]
    drawn = draw_days(mine, year(), draw_crowd(mine, year(), 60, rng), JANUARY, 59, rng=rng, cells=1)
    assert drawn.ended[:, 31:].sum() == 0
    first_week, rest = drawn.ended[:, :7].sum(), drawn.ended[:, 7:31].sum()
    assert first_week / (first_week + drawn.miss[:, :7].sum()) == pytest.approx(5 / 6, abs=0.06)
    assert rest / (rest + drawn.miss[:, 7:31].sum()) == pytest.approx(2 / 3, abs=0.06)


def test_a_crowd_asks_about_as_much_as_its_habits_say() -> None:
    rng = np.random.default_rng(1)
    mine = habits()[Profession.GP]
    crowd = draw_crowd(mine, year(), 400, rng)
    drawn = draw_days(mine, year(), crowd, JANUARY, 364, rng=rng, cells=1)
    per_day_worked = drawn.total.sum() / (400 * mine.days)
    assert 0.85 * mine.asks < per_day_worked < 1.15 * mine.asks
    assert (drawn.first >= 0).all()
    share = drawn.first.sum() / (drawn.first + drawn.known + drawn.miss).sum()
    assert 0.10 < share < 0.16


def test_the_same_seed_gives_the_same_year_and_another_one_another() -> None:
    def hindered(seed: int) -> tuple[int, int, int]:
        desks = open_desks(Profession.PHARMACY, JANUARY, 40, 5, (seed,))
        met = live_all(desks, 40, [1] * 40)
        return met.asks, met.step_ups, met.false_holds

    assert hindered(3) == hindered(3)
    assert hindered(3) != hindered(4)


def test_a_desk_of_long_standing_has_the_limit_that_its_proofs_give() -> None:
    desks = open_desks(Profession.DENTIST, JANUARY, 10, 60, (1,))
    limits = sorted(desk.post.line.limit for desk in desks)
    assert limits[0] >= SEATS[Profession.DENTIST].a
    assert limits[30] > SEATS[Profession.DENTIST].a
    assert all(desk.post.line.open <= desk.post.line.limit + 20 for desk in desks)


def test_a_desk_of_long_standing_begins_with_the_caps_that_its_month_gives() -> None:
    desks = open_desks(Profession.PHARMACY, JANUARY, 5, 40, (1,))
    most = CAPS[Profession.PHARMACY]
    states = [desk.post.evidence for desk in desks]
    assert {state.month for state in states} == {JANUARY}
    assert all(state.events == 0 and sum(state.bets) == 0 for state in states), "they are spent, what was bet is not"
    shares = [state.shares[Indicator.UNFAMILIAR] for state in states]
    assert all(FLOOR_SHARES[0] <= share <= most.shares[0] for share in shares)
    assert sum(share < most.shares[0] for share in shares) > 20
    assert sum(state.volume < most.volume for state in states) > 30


def test_whoever_proves_presence_takes_no_place() -> None:
    today, full = (
        live_all(open_desks(Profession.HOSPITAL, JANUARY, 60, 6, (2,), presence=mix), 60, [1] * 60)
        for mix in ("today", "full")
    )
    assert full.step_ups < today.step_ups
    assert full.asks == pytest.approx(today.asks, rel=0.25)


def test_a_logins_asks_are_spread_over_its_devices_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(5)
    mine = habits()[Profession.GP]
    crowd = draw_crowd(mine, year(), 20, rng)
    drawn = draw_days(mine, year(), crowd, JANUARY, 200, rng=rng, cells=1)
    spread, by_device = on_devices(mine, crowd, drawn, 3, rng)
    assert (by_device.total.reshape(20, 3, 200).sum(axis=1) == drawn.total).all()
    assert spread.size.reshape(20, 3).sum(axis=1) == pytest.approx(crowd.size)
    each = by_device.total.reshape(20, 3, 200).sum(axis=(0, 2))
    assert each[1:] == pytest.approx(each[1], rel=0.05)
    elsewhere = by_device.total.reshape(20, 3, 200)[:, 1:]
    assert elsewhere.transpose(0, 2, 1)[drawn.substitute].sum() == 0, "whoever stands in works on the first"
    assert (by_device.substitute[::3] == drawn.substitute).all()


def test_the_devices_of_one_place_draw_on_its_lines_together() -> None:
    def hindered(parts: Parts) -> int:
        sharing = Sharing(professionals=1, devices=4)
        desks = open_desks(Profession.NURSE, JANUARY, 60, 8, (4,), parts=parts, sharing=sharing)
        assert len({desk.post.place for desk in desks}) == 2
        for desk in desks:  # one person never seen a day on each, with a card read, whose invoice never comes
            desk.firsts[:] = [[0, 0, 0, 1, 0] for _ in desk.firsts]
            desk.proofs = repeat(-1), repeat(-1)
        return live_all(desks, 60, [1] * 60).step_ups

    assert hindered(Parts()) > hindered(Parts(declared_place=False)) + 40


def test_a_place_counts_whoever_stands_in_while_she_does() -> None:
    [desk] = open_desks(Profession.GP, JANUARY, 10, 1, (1,))
    desk.substitute[:] = [False, True, True, False] + [False] * 6
    desk.begins[1], desk.confirmed[1] = True, False
    counted = []
    for n in range(5):
        desk.live(n)
        counted.append(desk.post.place.desks)
        assert n != 1 or (desk.stand_in is not None and desk.stand_in.place is desk.post.place)
    assert counted == [1, 2, 2, 1, 1]
