"""Evidence against a login-device: what moves it, what it never does, and its stored form."""

import pytest

from tierce.kernel.care import Profession
from tierce.policy.evidence import (
    ACCUSED_DAYS,
    ACCUSED_MAX,
    BETS,
    CAPS,
    CELLS,
    COUNTED,
    CROWD_PARTS,
    DISPERSION,
    FLOOR_SHARES,
    GROWTH_PERCENT,
    HINT_AGAIN,
    HINT_FIRST,
    HOLD_AT,
    LIFT_PERCENT,
    LIFTED_TOP,
    MONTH_DAYS,
    MONTH_EVENTS,
    OBSERVE_AT,
    SHARE_MAX,
    STATE_BYTES,
    STEP_UP_AT,
    YEAR_DAYS,
    Indicator,
    Observation,
    State,
    accuse,
    begin,
    excuse,
    hint_of,
    met,
    observe,
    pack,
    released,
    roll,
    rung_of,
    signs_of,
    trap,
    unpack,
    weight_of,
    worth,
)
from tierce.policy.ladder import Rung
from tierce.policy.seats import DECLARED_UNSEEN, new_line, pack_declared
from tierce.policy.seats import pack as pack_line

DAY = 20_000
GP = Profession.GP


def asked(state: State, times: int, *, day: int = DAY, first: bool = True, miss: bool = False) -> State:
    """The state after that many asks of one day."""
    for _ in range(times):
        state, _ = observe(state, Observation(day, first, miss))
    return state


def asks_to_hold(one: Observation, profession: Profession = GP) -> int:
    """How many such asks until presence alone is served."""
    state, rung, asks = begin(profession, DAY), Rung.NONE, 0
    while rung < Rung.PRESENCE_ONLY:
        state, rung = observe(state, one)
        asks += 1
        assert asks < 500
    return asks


def test_a_list_of_strangers_climbs_rung_by_rung() -> None:
    state, rungs = begin(GP, DAY), []
    for n in range(40):
        state, rung = observe(state, Observation(DAY + n // 6, True))
        rungs.append(rung)
    assert rungs == sorted(rungs)
    assert set(rungs) == {Rung.NONE, Rung.OBSERVED, Rung.STEP_UP, Rung.PRESENCE_ONLY}


def test_a_day_on_which_something_is_asked_stakes_its_part_of_the_year_once() -> None:
    """Stakes of a whole year make 1: twice as much would hold twice as many honest desks."""
    once, _ = observe(begin(GP, DAY), Observation(DAY, False))
    unbet = slice(CELLS - len(BETS[Indicator.ELSEWHERE]), CELLS)
    assert (once.crowd, set(once.bets[unbet])) == (1 / YEAR_DAYS, {1 / YEAR_DAYS}), "no usual place is known yet"
    again = asked(once, 5, first=False)
    assert (again.crowd, again.bets[unbet], again.days) == (once.crowd, once.bets[unbet], 1)
    later = asked(again, 1, day=DAY + 9, first=False)
    assert later.days == 2
    assert later.bets[unbet] == pytest.approx((2 / YEAR_DAYS,) * 2)


@pytest.mark.parametrize(
    ("area", "prefix", "hint"),
    [(0, 0, 0x1_0001), (254, 65_534, 0xFF_FFFF), (255, 65_535, 0x1_0001), (256, 65_536, 0x2_0002)],
)
def test_a_hint_keeps_area_and_beginning_apart_and_is_never_nothing(area: int, prefix: int, hint: int) -> None:
    assert hint_of(area, prefix) == hint < HINT_FIRST < HINT_AGAIN


def test_misses_are_seen_sooner_than_strangers_and_shared_beginnings_sooner_still() -> None:
    stranger = asks_to_hold(Observation(DAY, True))
    miss = asks_to_hold(Observation(DAY, False, True))
    shared = asks_to_hold(Observation(DAY, False, True, prefix=77))
    assert shared < miss < stranger <= 24
    assert shared <= 9


def test_known_people_and_an_ordinary_mixture_are_worth_nothing() -> None:
    assert worth(asked(begin(GP, DAY), 300, first=False)) < 1
    state = begin(GP, DAY)
    for n in range(1_000):
        state, rung = observe(state, Observation(DAY + n // 4, n % 5 == 0, n % 25 == 1))
        assert rung is Rung.NONE


def test_a_person_born_elsewhere_counts_once_the_usual_places_are_known() -> None:
    state = begin(GP, DAY)
    for area in (1, 2, 3):
        state = met(state, area)
    before, _ = observe(state, Observation(DAY, True, area=9))
    assert before.seen[Indicator.AREA] == 0, "three places are not enough to call another unusual"
    learned, _ = observe(state, Observation(DAY, False, area=4))
    after, _ = observe(learned, Observation(DAY, True, area=9))
    assert after.seen[Indicator.AREA] == 1
    assert after.areas == learned.areas, "unfamiliar people teach nothing about usual places"


def usual_places(profession: Profession = GP) -> State:
    """A device that knows where its people are usually born."""
    state = begin(profession, DAY)
    for area in (1, 2, 3, 4):
        state = met(state, area)
    return state


def test_a_known_person_is_no_sign_wherever_she_was_born_and_however_her_identifiers_begin() -> None:
    """Her own doctor asks about her: that she was born far away, and beside a stranger, says nothing against him."""
    state, _ = observe(usual_places(), Observation(DAY, True, area=1, prefix=77))
    after, _ = observe(state, Observation(DAY, False, area=9, prefix=77))
    assert after.seen == state.seen == (1, 0, 0, 0)
    assert signs_of(state, Observation(DAY, False, area=9, prefix=77)) == (False, False, None, None, False)


def test_a_stranger_of_whom_nothing_is_known_is_neither_near_nor_alike() -> None:
    """Nothing is bet on what is not known: else a thief would wear the evidence down by asks that tell nothing."""
    fresh = begin(GP, DAY)
    some, _ = observe(usual_places(), Observation(DAY, True, prefix=77))
    assert signs_of(fresh, Observation(DAY, True, area=9, prefix=77)) == (True, False, None, None, None)
    assert signs_of(some, Observation(DAY, True)) == (True, False, None, None, False)
    assert signs_of(some, Observation(DAY, False, True, area=9, prefix=77)) == (True, True, True, True, True)
    assert signs_of(some, Observation(DAY, True, area=1, prefix=78)) == (True, False, False, False, False)
    assert observe(some, Observation(DAY, False, True, area=9, prefix=77))[0].seen == (2, 1, 1, 1)
    assert asked(fresh, 2, miss=True).seen == (2, 2, 0, 0)


def test_strangers_born_elsewhere_are_seen_through_a_crowd_of_familiar_people() -> None:
    """Their share of all asks is small at an honest desk, so few of them weigh more than as many from near."""
    worst = {}
    for area in (1, 9):
        state, worst[area] = usual_places()._replace(shares=CAPS[GP].shares[:4] + FLOOR_SHARES[4:]), 0.0
        for day in range(DAY, DAY + 8):
            for _ in range(5):
                state, _ = observe(state, Observation(day, True, area=area))
            worst[area] = max(worst[area], worth(state))
            state = asked(state, 5, day=day, first=False)
    assert worst[9] > HOLD_AT > 100 * worst[1]


def test_strangers_of_an_honest_mixture_are_worth_nothing_wherever_they_were_born() -> None:
    state = usual_places()
    for n in range(1_000):
        state, rung = observe(state, Observation(DAY + n // 4, n % 5 == 0, area=9 if n % 25 == 0 else 1 + n % 4))
        assert rung is Rung.NONE
    assert state.shares[Indicator.ELSEWHERE] < 0.6 * CAPS[GP].shares[Indicator.ELSEWHERE], "months bring the cap down"


def test_nobody_is_held_by_accusation_alone() -> None:
    state = begin(GP, DAY)
    for _ in range(50):
        state = accuse(state, DAY)
    assert rung_of(state) is Rung.OBSERVED
    assert rung_of(asked(state, 30, first=False)) is Rung.OBSERVED
    assert rung_of(roll(state, DAY + ACCUSED_DAYS + 1)) is Rung.NONE


def test_accusations_add_up_while_they_are_in_force_and_begin_again_after_it() -> None:
    once = accuse(begin(GP, DAY), DAY)
    last, after = DAY + ACCUSED_DAYS, DAY + ACCUSED_DAYS + 1
    assert [accuse(once, day).accusers for day in (DAY, last, after)] == [2, 2, 1]
    assert [weight_of(roll(once, day)) for day in (DAY, last, after)] == [2, 2, 1]
    assert weight_of(excuse(accuse(once, DAY))) == 2, "one taken back leaves the other"
    assert weight_of(excuse(excuse(once))) == 1
    for _ in range(300):
        once = accuse(once, DAY)
    assert (weight_of(once), unpack(pack(once)).accusers) == (ACCUSED_MAX, 255)


def test_accusations_hasten_what_the_asks_say() -> None:
    asks = 0
    state = begin(GP, DAY)
    for _ in range(5):
        state = accuse(state, DAY)
    while rung_of(state) < Rung.PRESENCE_ONLY:
        state, asks = asked(state, 1), asks + 1
    assert 10 < asks < asks_to_hold(Observation(DAY, True))


def test_one_decoy_asks_for_proofs_and_a_second_holds() -> None:
    once = trap(begin(GP, DAY))
    assert rung_of(once) is Rung.STEP_UP
    assert rung_of(trap(once)) is Rung.PRESENCE_ONLY


def test_a_lifted_hold_starts_from_nothing_and_raises_the_caps_of_new_people_by_half_at_most() -> None:
    held = trap(accuse(asked(begin(GP, DAY), 40), DAY))
    free = released(held, DAY)
    assert rung_of(free) is Rung.NONE
    assert worth(free) == 0
    assert (free.today, free.prefixes) == (0, ())
    unfamiliar, *others = free.shares
    assert unfamiliar == held.shares[Indicator.UNFAMILIAR] * LIFT_PERCENT // 100
    assert tuple(others) == held.shares[1:], "what did not accuse stays"
    assert free.volume == held.volume, "one busy day is not worth much"
    away = usual_places()
    for _ in range(40):
        away, _ = observe(away, Observation(DAY, True, area=9))
    vouched = released(away, DAY).shares
    assert vouched[1:-1] == away.shares[1:-1], "what they are among new people stays"
    assert vouched[Indicator.ELSEWHERE] == away.shares[Indicator.ELSEWHERE] * LIFT_PERCENT // 100
    missing = asked(begin(GP, DAY), 40, first=False, miss=True)
    assert released(missing, DAY).shares[1:] == missing.shares[1:], "nobody vouches for misses"
    crowds = begin(Profession.OPTICIAN, DAY)
    for day in range(DAY, DAY + 12):
        crowds = asked(crowds, 24, day=day)
    assert released(crowds, DAY + 12).volume == crowds.volume * LIFT_PERCENT // 100
    quiet = released(accuse(asked(begin(GP, DAY), 3), DAY), DAY)
    assert (quiet.shares, quiet.volume) == (begin(GP, DAY).shares, begin(GP, DAY).volume)


@pytest.mark.parametrize(("weighs", "rises"), [(0.9, False), (1.5, True)])
def test_a_human_vouches_for_a_crowd_only_where_the_crowd_accused(weighs: float, rises: bool) -> None:
    busy = asked(begin(Profession.OPTICIAN, DAY), 100)
    of_one = worth(busy._replace(bets=(0.0,) * CELLS, crowd=1.0)) * (CELLS + CROWD_PARTS) / CROWD_PARTS
    held = busy._replace(crowd=weighs / of_one)
    assert (released(held, DAY).volume > held.volume) is rises


def test_what_is_asked_after_a_lift_is_weighed_the_same_day() -> None:
    """A human lifts a hold in the morning: a thief who goes on is held again before noon, and days count once."""
    held = asked(begin(GP, DAY), 40)
    again = asked(released(held, DAY), 80)
    assert rung_of(held) is rung_of(again) is Rung.PRESENCE_ONLY
    assert again.days == held.days == 1
    nothing_yet = released(asked(begin(GP, DAY), 40), DAY + 1)
    assert (nothing_yet.day, nothing_yet.days) == (DAY, 1), "nothing was seen on the day of the lift"
    assert rung_of(asked(nothing_yet, 80, day=DAY + 1)) is Rung.PRESENCE_ONLY


@pytest.mark.parametrize("profession", CAPS)
def test_however_often_a_human_is_fooled_caps_stay_in_their_bounds_and_months_bring_them_down(
    profession: Profession,
) -> None:
    state, most = begin(profession, DAY), CAPS[profession]
    for lift in range(12):
        day = DAY + lift
        state = released(asked(state, 400, day=day, miss=lift % 2 == 0, first=lift % 2 == 1), day)
        assert all(
            cap <= min(SHARE_MAX, LIFTED_TOP * top) for cap, top in zip(state.shares, most.shares, strict=True)
        )
        assert state.volume <= LIFTED_TOP * most.volume
        assert unpack(pack(state)) == state
    lifted = state
    busy = roll(asked(state, 400, day=DAY + 12), DAY + MONTH_DAYS)
    assert busy.shares[Indicator.UNFAMILIAR] == lifted.shares[Indicator.UNFAMILIAR], "it never grows by itself"
    calm = asked(state._replace(events=0, seen=(0,) * COUNTED), 400, day=DAY + 12, first=False)
    assert roll(calm, DAY + MONTH_DAYS).shares[:2] == FLOOR_SHARES[:2], "and falls with a quiet month"


def test_the_year_turns_on_its_own_day() -> None:
    state = asked(begin(GP, DAY, anniversary=YEAR_DAYS - 2), 20)
    assert worth(state) > 1
    assert worth(roll(state, DAY + 1)) > 0.1
    assert worth(roll(state, DAY + 2)) == 0
    for years in (1, 2, 3):
        turned = state.year + years * YEAR_DAYS
        assert [roll(state, day).year for day in (turned - 1, turned, turned + 5)] == [
            turned - YEAR_DAYS, turned, turned
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "rung"),
    [
        (OBSERVE_AT - 1, Rung.NONE),
        (OBSERVE_AT, Rung.OBSERVED),
        (STEP_UP_AT - 1, Rung.OBSERVED),
        (STEP_UP_AT, Rung.STEP_UP),
        (HOLD_AT - 1, Rung.STEP_UP),
        (HOLD_AT, Rung.PRESENCE_ONLY),
    ],
)
def test_each_rung_is_asked_for_from_its_own_worth_on(value: int, rung: Rung) -> None:
    each = value * (CELLS + CROWD_PARTS) / CELLS
    assert rung_of(begin(GP, DAY)._replace(bets=(each,) * CELLS)) is rung


def walked_up(months: int, share: float) -> list[State]:
    """Month after month with that share of strangers, and the state at each month's end."""
    state, ends = begin(GP, DAY), []
    for month in range(months):
        for n in range(100):
            day = DAY + month * MONTH_DAYS + n // 4
            state, _ = observe(state, Observation(day, (n * 37 % 100) < share * 100))
        ends.append(roll(state, DAY + (month + 1) * MONTH_DAYS))
    return ends


def test_caps_follow_a_quiet_history_down_to_a_floor_and_never_pass_the_profession() -> None:
    quiet = walked_up(4, 0.02)[-1].shares
    assert all(cap >= floor for cap, floor in zip(quiet, FLOOR_SHARES, strict=True))
    assert quiet[Indicator.UNFAMILIAR] < CAPS[GP].shares[Indicator.UNFAMILIAR]
    assert walked_up(4, 0.9)[-1].shares[Indicator.UNFAMILIAR] == CAPS[GP].shares[Indicator.UNFAMILIAR]


def test_a_thief_walks_a_cap_up_by_a_tenth_a_month_at_most() -> None:
    low = walked_up(1, 0.02)[-1]
    state, caps = low, []
    for month in range(3):
        for n in range(100):
            state, _ = observe(state, Observation(low.day + month * MONTH_DAYS + n // 4, True))
        state = roll(state, low.day + (month + 1) * MONTH_DAYS)
        caps.append(state.shares[Indicator.UNFAMILIAR])
    for before, after in zip([low.shares[0], *caps], caps, strict=False):
        assert after <= -(-before * GROWTH_PERCENT // 100)


def test_a_month_with_few_asks_moves_no_cap() -> None:
    state = asked(begin(GP, DAY), MONTH_EVENTS - 1, first=False)
    assert roll(state, DAY + MONTH_DAYS).shares == CAPS[GP].shares
    enough = asked(begin(GP, DAY), MONTH_EVENTS, first=False)
    assert roll(enough, DAY + MONTH_DAYS - 1).shares == CAPS[GP].shares
    assert roll(enough, DAY + MONTH_DAYS).shares < CAPS[GP].shares


@pytest.mark.parametrize(
    ("events", "seen", "days", "shares", "volume"),
    [
        # By hand: 256 * 1.5 (n + 1 + 2 sqrt(n + 1)) / of, rounded up, between the floor and the profession's.
        (400, (0, 0, 0, 0), 20, (26, 20, 205, 13, 10), 24),
        (400, (80, 15, 15, 3), 20, (96, 24, 116, 13, 24), 99),
        (20, (0, 0, 0, 0), 1, (58, 58, 205, 13, 58), 72),
        (20, (1, 1, 0, 0), 1, (93, 64, 205, 13, 58), 72),
    ],
)
def test_the_caps_of_the_next_month(
    events: int, seen: tuple[int, ...], days: int, shares: tuple[int, ...], volume: int
) -> None:
    after = roll(begin(GP, DAY)._replace(events=events, seen=seen, days=days), DAY + MONTH_DAYS)
    assert (after.shares, after.volume) == (shares, volume)
    assert (after.month, after.events, after.seen, after.days) == (DAY + MONTH_DAYS, 0, (0,) * COUNTED, 0)


@pytest.mark.parametrize("volume", [80, 256, 600])
def test_days_as_busy_as_the_cap_allows_are_worth_nothing_on_average(volume: int) -> None:
    """Exactly 1 for a negative binomial of that mean: a higher mean would hold honest desks, a lower one see less."""
    state, mean = begin(GP, DAY)._replace(volume=volume, crowd=1.0), volume / 16
    chance, average = (1 + mean / DISPERSION) ** -DISPERSION, 0.0
    for people in range(3_000):
        average += chance * worth(state._replace(today=people)) * (CELLS + CROWD_PARTS) / CROWD_PARTS
        chance *= (people + DISPERSION) / (people + 1) * mean / (mean + DISPERSION)
    assert average == pytest.approx(1)


def test_a_desk_that_changes_sees_its_caps_rise_again_by_a_tenth_a_month() -> None:
    """Else a doctor who had one quiet month would stand out for ever after."""
    low = begin(GP, DAY)._replace(shares=(100, *CAPS[GP].shares[1:]), volume=200)
    busy = roll(asked(low, 100), DAY + MONTH_DAYS)
    assert GROWTH_PERCENT == 110
    assert (busy.shares[Indicator.UNFAMILIAR], busy.volume) == (110, 220)


def test_a_clock_that_goes_back_changes_nothing() -> None:
    state = asked(begin(GP, DAY), 3)
    assert roll(state, DAY - 5) == roll(state, DAY) == state


@pytest.mark.parametrize(
    ("born", "areas"),
    [
        ((1, 1), ((1, 2),)),
        ((0, 1, 0), ((1, 1),)),
        ((1, 2, 3, 4, 4), ((1, 1), (2, 1), (3, 1), (4, 2))),
        ((1, 2, 3, 4, 4, 5), ((1, 0), (2, 0), (3, 0), (4, 1))),
        ((1, 2, 3, 4, 4, 5, 6), ((6, 1), (2, 0), (3, 0), (4, 1))),
        ((1, 1, 2, 2, 3, 4, 5, 6), ((1, 1), (2, 1), (6, 1), (4, 0))),
    ],
)
def test_the_places_most_people_come_from_are_kept_and_a_newcomer_wears_the_others_down(
    born: tuple[int, ...], areas: tuple[tuple[int, int], ...]
) -> None:
    state = begin(GP, DAY)
    for area in born:
        state = met(state, area)
    assert state.areas == areas


def test_a_crowd_of_strangers_is_seen_where_novelty_has_no_power() -> None:
    usual = crowd = begin(Profession.OPTICIAN, DAY)
    for day in range(DAY, DAY + 12):
        usual, crowd = asked(usual, 6, day=day), asked(crowd, 24, day=day)
    assert rung_of(usual) is Rung.NONE
    assert rung_of(crowd) is Rung.PRESENCE_ONLY
    assert worth(asked(begin(Profession.OPTICIAN, DAY), 24)) < 1, "one busy day holds nobody"
    assert roll(crowd, DAY + 12).today == 0, "each day is counted from nobody on"


@pytest.mark.parametrize("profession", list(Profession))
def test_every_profession_has_caps_that_leave_something_to_bet(profession: Profession) -> None:
    caps = CAPS[profession]
    assert all(0 < share < 256 for share in caps.shares)
    assert caps.volume > 0
    assert worth(begin(profession, DAY)) == 0


def test_the_stored_form_is_small_and_comes_back() -> None:
    state = trap(accuse(asked(walked_up(2, 0.3)[-1], 9, day=DAY + 99), DAY + 99))
    for area in (1, 2, 3, 4, 5):
        state = met(state, area)
    back = unpack(pack(state))
    assert back._replace(bets=state.bets, crowd=state.crowd) == state
    assert back.bets == pytest.approx(state.bets, rel=1e-6)
    assert STATE_BYTES == len(pack(state)) == len(pack(begin(GP, DAY)))
    assert STATE_BYTES + len(pack_line(new_line(GP, DAY)) + pack_declared(DECLARED_UNSEEN)) <= 256


OF_THE_RELEASE_BEFORE = bytes.fromhex(
    "01014e3f4e1b4e3c7133cd0d001e00120009000400090001030004014e3f01011a0224031a0424003c003d003e003f00400041004600463d"
    "0e11413e12393f3f3c30673c9610973c6d01a03ab508ca3d297d083d193f4e3d3695823c2706ca3a2cc2c135a879c73b5abb29"
)
"""What version 1 stored of a GP after eleven days, an accusation and a decoy; it was worth 0.0733."""


def test_a_state_of_the_release_before_is_read_and_is_worth_no_more_than_it_was() -> None:
    state = unpack(OF_THE_RELEASE_BEFORE)
    assert state.shares == (113, 51, 205, 13, CAPS[GP].shares[Indicator.ELSEWHERE])
    assert (state.day, state.month, state.volume, state.events, state.seen) == (20_031, 20_028, 30, 18, (9, 4, 9, 1))
    assert (state.days, state.today, state.accusers, state.decoys) == (3, 4, 1, 1)
    assert state.areas == ((1, 26), (2, 36), (3, 26), (4, 36))
    assert state.prefixes == (60, 61, 62, 63, 64, 65, 70, 70)
    kept = (0.0347, 0.1428, 0.7351, 0.0183, 0.0145, 0.00138, 0.0374, 0.0446, 0.00066, 0.0000013)
    assert state.bets == pytest.approx((*kept, 0.0, 0.0), rel=0.05)
    assert CELLS + CROWD_PARTS == 15, "each bet weighs what it did"
    assert 0.0698 < worth(state) < 0.0733, "the bets that were dropped are lost, and nothing is gained"
    assert unpack(pack(state)) == state
    assert rung_of(state) is Rung.STEP_UP


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 9"):
        unpack(b"\x09" + pack(begin(GP, DAY))[1:])
