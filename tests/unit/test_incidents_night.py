"""The next decision is always one, the most urgent first; counts say when they do not add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tierce.incidents.borders.service import countries_of
from tierce.incidents.clocks.model import Running, State, Untold
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.errors import FormError
from tierce.incidents.night.model import Decision, Known, Part, Sum
from tierce.incidents.night.rules import conclusions_owed, next_decision
from tierce.incidents.states.model import Move, Stage
from tierce.incidents.states.rules import standing
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import CLOCKS, Duty, Party

T0 = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
ALL = (Stage.SIGNAL, Stage.CHECK, Stage.AWARE, Stage.CONTAINED, Stage.SCOPED, Stage.COHORTS)


def known(*stages: Stage, at: datetime = T0, **changes: object) -> Known:
    moves = [Move(stage, at, at, "H.", "") for stage in stages]
    base = Known(standing(moves), (), T0, insurers=2, told=2, open_cohorts=0, lacking=0)
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of the test's choice


def clock(duty: Duty, state: State, due: datetime | None = None) -> Running:
    rule = next(one for one in CLOCKS if one.duty is duty and one.party is Party.OPERATOR)
    return Running(rule, OPERATOR, None if state is State.WAITING else T0, due, None, state)


def test_each_step_of_the_night_in_its_order() -> None:
    said = [
        next_decision(one).decision
        for one in (
            known(Stage.SIGNAL, listed_at=None, insurers=0, told=0),
            known(Stage.SIGNAL, Stage.CHECK),
            known(*ALL[:3], told=0),
            known(*ALL[:4], listed_at=None),
            known(*ALL[:5], told=1),
            known(*ALL[:5]),
            known(*ALL, open_cohorts=2),
            known(*ALL, clocks=(clock(Duty.AUTHORITY, State.RUNNING, T0 + timedelta(hours=72)),)),
            known(*ALL, clocks=(clock(Duty.NOTICE, State.RUNNING),), insurers=0, told=0),
            known(*ALL, untold=Untold(waiting=2), clocks=(clock(Duty.PUBLIC, State.WAITING),)),
            known(*ALL, untold=Untold(unfinished=2), clocks=(clock(Duty.PERSONS, State.DONE),)),
            known(*ALL, lacking=3),
            known(*ALL),
            known(*ALL, Stage.CLOSED, untold=Untold(come_back=1), clocks=(clock(Duty.PERSONS, State.DONE),)),
            known(*ALL, Stage.CLOSED),
            known(*ALL, Stage.CLOSED, Stage.HOLD_RELEASED),
        )
    ]
    assert said == [
        Decision.CHECK, Decision.ESTABLISH, Decision.CONTAIN, Decision.LIST, Decision.TELL, Decision.COHORTS,
        Decision.CONCLUDE, Decision.NOTIFY, Decision.NOTIFY, Decision.PUBLISH, Decision.REACH, Decision.WRITE,
        Decision.CLOSE, Decision.REOPEN, Decision.RELEASE, Decision.NOTHING,
    ]  # fmt: skip


def test_n2_what_is_late_comes_before_everything_else() -> None:
    late = clock(Duty.AUTHORITY, State.OVERDUE, T0)
    found = next_decision(
        known(*ALL[:3], told=0, clocks=(clock(Duty.COMPLAINT, State.OVERDUE, T0 + timedelta(1)), late))
    )
    assert (found.decision, found.clock) == (Decision.LATE, late)


def test_only_the_operator_s_own_clocks_decide_its_night_the_earliest_first() -> None:
    insurers_own = replace(clock(Duty.AUTHORITY, State.OVERDUE, T0), insurer=InsurerId(1))
    assert next_decision(known(*ALL, clocks=(insurers_own,))).decision is Decision.CLOSE
    notice = clock(Duty.NOTICE, State.RUNNING)
    assert next_decision(known(*ALL, clocks=(notice,))).clock == notice, "nothing is closed while it runs"
    assert next_decision(known(*ALL, clocks=(clock(Duty.AUTHORITY, State.DONE, T0),))).decision is Decision.CLOSE
    soon, later = (clock(Duty.AUTHORITY, State.RUNNING, T0 + timedelta(hours=hours)) for hours in (70, 72))
    undated = clock(Duty.PERSONS, State.RUNNING)
    found = next_decision(known(*ALL, clocks=(undated, later, insurers_own, soon)))
    assert (found.decision, found.clock) == (Decision.NOTIFY, soon)
    assert next_decision(known(*ALL, clocks=(undated,))).clock == undated


def test_a_new_list_asks_for_its_cohorts_to_be_confirmed_again() -> None:
    assert next_decision(known(*ALL, listed_at=T0 + timedelta(minutes=1))).decision is Decision.COHORTS


def test_what_proved_to_be_none_is_written_and_closed_without_telling_anybody() -> None:
    dismissed = (Stage.SIGNAL, Stage.CHECK, Stage.NOT_A_BREACH)
    assert next_decision(known(*dismissed, told=0, lacking=1)).decision is Decision.WRITE
    assert next_decision(known(*dismissed, told=0)).decision is Decision.CLOSE


def test_i2_a_count_whose_parts_do_not_make_the_whole_says_by_how_much() -> None:
    label = Phrase("x", "x")
    assert Sum(label, 5, (Part(label, 2), Part(label, 3))).off == 0
    assert Sum(label, 5, (Part(label, 2),)).off == 3
    assert Sum(label, 5, (Part(label, 7),)).off == -2


def test_n11_countries_are_other_states_where_the_regulation_applies() -> None:
    assert countries_of("be, DE;lu  be") == ["BE", "DE", "LU"]
    for wrong in ("", "FR", "US", "Belgique", "BE XX"):
        with pytest.raises(FormError):
            countries_of(wrong)


def test_a_cohort_of_the_list_that_nobody_scored_is_still_to_be_concluded() -> None:
    assert conclusions_owed([], 3) == 3
    assert conclusions_owed([True], 3) == 2, "two were never looked at"
    assert conclusions_owed([True, False], 2) == 1
    assert conclusions_owed([True, True, True], 2) == 0
