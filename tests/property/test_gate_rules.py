"""The chain of checks: it only takes away, and what it does not show cannot be told apart."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, cases, lines, professions, read_of, reads
from tierce.gate.model import Ask, Read, Refuse, Release, StepUp
from tierce.gate.rules import CHECKS, Case, Check, check_act, decide
from tierce.kernel.care import Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import AssistantId, InsurerId, PersonId
from tierce.policy.acts import Outcome, Presence
from tierce.policy.allowed import shown_by
from tierce.policy.assistants import may_assistant
from tierce.policy.ladder import Level
from tierce.policy.seats import DAY_LIMITS, MISS_DAYS, SEAT_DAYS, SEATS, Line, cap_of, effective_limit, roll

WIDEST = DataCategory.INSURER | DataCategory.GUARANTEES


def refuse_always(case: Case) -> Outcome | None:
    """A check that somebody may add one day."""
    return Outcome.HELD


def refuse_even_pairs(case: Case) -> Outcome | None:
    """Another one."""
    return Outcome.NOT_ALLOWED if case.read.pair % 2 == 0 else None


chains = st.lists(st.sampled_from([*CHECKS, refuse_always, refuse_even_pairs]), max_size=9)


@given(cases(), chains, chains, st.randoms(use_true_random=False))
def test_adding_a_check_never_turns_a_refusal_into_a_release(
    case: tuple[Ask, Read, Line], chain: list[Check], more: list[Check], shuffle: random.Random
) -> None:
    ask, read, line = case
    longer = [*chain, *more]
    shuffle.shuffle(longer)
    if isinstance(decide(ask, read, line, TODAY, checks=longer).decision, Release):
        assert isinstance(decide(ask, read, line, TODAY, checks=chain).decision, Release)


@given(cases(), st.permutations(CHECKS))
def test_the_order_of_checks_never_changes_what_is_released(case: tuple[Ask, Read, Line], order: list[Check]) -> None:
    ask, read, line = case
    usual, shuffled = decide(ask, read, line, TODAY), decide(ask, read, line, TODAY, checks=order)
    assert isinstance(usual.decision, Release) == isinstance(shuffled.decision, Release)


@given(cases())
def test_a_release_shows_what_the_act_shows_and_no_more(case: tuple[Ask, Read, Line]) -> None:
    ask, read, line = case
    verdict = decide(ask, read, line, TODAY)
    if isinstance(verdict.decision, Release):
        assert verdict.decision.fields == shown_by(ask.act)
        assert verdict.decision.fields & ~WIDEST == 0
        assert verdict.outcome is Outcome.RELEASED
        assert read.person
        assert read.insurer
        assert read.live
        assert read.fresh
    else:
        assert verdict.outcome is not Outcome.RELEASED
        assert verdict.decision.outcome is verdict.outcome


@given(cases())
def test_a_stopped_ask_leaves_no_pair_and_no_seat(case: tuple[Ask, Read, Line]) -> None:
    ask, read, line = case
    verdict = decide(ask, read, line, TODAY)
    before = roll(line, SEATS[ask.caller.profession], TODAY)
    assert verdict.line.attempts == before.attempts + 1
    if verdict.outcome in (Outcome.RELEASED, Outcome.UNKNOWN, Outcome.NOT_COVERED):
        assert verdict.pair is not None
        return
    assert verdict.pair is None
    assert verdict.line == replace(before, attempts=before.attempts + 1, refused=verdict.line.refused)
    assert verdict.line.refused - before.refused == (1 if verdict.outcome is Outcome.OUT_OF_SEATS else 0)


@given(cases())
def test_misses_of_every_kind_change_the_state_alike_and_hits_for_longer(case: tuple[Ask, Read, Line]) -> None:
    """What tells them apart is what he was shown: a seat is a seat until a miss gives its own back, days before."""
    ask, read, line = case
    ask = replace(ask, presence=Presence.NONE) if ask.presence is Presence.DECLARED else ask
    people = [
        (PersonId(5), InsurerId(1), 0), (PersonId(5), InsurerId(1), Level.INSURER), (PersonId(5), InsurerId(0), 0),
        (PersonId(0), InsurerId(0), 0),
    ]  # fmt: skip
    hit, *misses = (
        decide(ask, replace(read, person=person, insurer=insurer, closed=closed), line, TODAY)
        for person, insurer, closed in people
    )
    first = misses[0]
    assert all((one.line, one.place, one.pair) == (first.line, first.place, first.pair) for one in misses[1:])
    assert replace(hit.line, seats=()) == replace(first.line, seats=())
    assert (hit.line.open, hit.place.open) == (first.line.open, first.place.open)
    later = TODAY + MISS_DAYS
    profession = ask.caller.profession
    after, without = (roll(one.line, SEATS[profession], later).open for one in (hit, first))
    assert after - without == (hit.seats if hit.seats else 0)


@given(cases(), reads())
def test_whether_an_ask_is_plainly_refused_does_not_depend_on_the_person(
    case: tuple[Ask, Read, Line], other: Read
) -> None:
    """A plain refusal looks different from "not shown": it must never tell who is known to the establishment."""
    ask, read, line = case
    another = replace(other, live=read.live, fresh=read.fresh, rung=read.rung)
    first, second = decide(ask, read, line, TODAY).decision, decide(ask, another, line, TODAY).decision
    assert isinstance(first, Refuse) == isinstance(second, Refuse)
    if isinstance(first, Refuse):
        assert first == second


@given(professions, reads(), st.data())
def test_once_attempts_are_used_up_the_answer_does_not_depend_on_who_is_asked_for(
    profession: Profession, read: Read, data: st.DataObject
) -> None:
    line = roll(data.draw(lines(profession)), SEATS[profession], TODAY)
    line = replace(line, attempts=DAY_LIMITS[profession].attempts)
    verdict = decide(ask_of(caller(profession)), replace(read, live=True, fresh=True), line, TODAY)
    assert verdict.decision == Refuse(Outcome.OUT_OF_ATTEMPTS, TODAY + 1)
    assert verdict.pair is None


@given(
    professions,
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 60), st.booleans()), min_size=1, max_size=25),
    st.booleans(),
)
def test_a_thief_at_the_gate_learns_no_more_than_the_bound(
    profession: Profession, visits: list[tuple[int, int, bool]], new_device: bool
) -> None:
    """A thief asks for fresh people, hits and misses, on days of her choice; nobody is proved to be present."""
    constants = SEATS[profession]
    day, learned, limit = TODAY, 0, 0
    line = Line(day, day if new_device else day - 60, constants.a, 0, 0, 0, 0, 0, 0, 0, (0,) * 30, 1)
    number = missed = 0
    for gap, wished, hits in visits:
        day += gap
        for _ in range(wished):
            number += 1
            read = read_of(pair=number, person=number if hits else 0, insurer=1 if hits else 0)
            verdict = decide(ask_of(caller(profession), pair=number), read, line, day)
            line = verdict.line
            limit = max(limit, effective_limit(line))
            learned += verdict.outcome is Outcome.RELEASED
            missed += verdict.outcome is Outcome.UNKNOWN
            if isinstance(verdict.decision, StepUp) and verdict.outcome is Outcome.OUT_OF_SEATS:
                break
    days = day - TODAY + 1
    assert limit <= constants.a
    assert learned <= min(cap_of(limit) * days, limit * -(-days // SEAT_DAYS))
    assert missed <= min(cap_of(limit) * days, limit * -(-days // MISS_DAYS))


@given(cases())
def test_an_assistant_is_answered_as_her_professional_and_never_more(case: tuple[Ask, Read, Line]) -> None:
    ask, read, line = case
    hers = replace(ask, caller=replace(ask.caller, assistant=AssistantId(7)))
    assert decide(hers, read, line, TODAY) == decide(ask, read, line, TODAY)
    if not may_assistant(ask.act):
        assert isinstance(decide(hers, read, line, TODAY, checks=[check_act]).decision, Refuse)
