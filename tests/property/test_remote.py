"""Insurers that keep their people themselves: decided without knowing of the person, bounded, read strictly."""

import json
from dataclasses import replace
from datetime import date
from math import ceil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate_cases import TODAY, ask_of, caller, cases, read_of
from tierce.gate.model import Ask, AskInsurer, Distant, Read, Release
from tierce.gate.rules import decide
from tierce.kernel.card import MemberNumber
from tierce.kernel.care import Domain, Profession
from tierce.kernel.ids import InsurerId, LineId, PersonId
from tierce.kernel.nir import BirthDate
from tierce.policy.acts import Outcome
from tierce.policy.lines import PLACE_UNSEEN
from tierce.policy.remote import (
    ANSWER_SECONDS,
    ASKS_MAX,
    AWAY_SECONDS,
    FAILURE_SECONDS,
    FAILURES_MAX,
    SLOT_SECONDS,
)
from tierce.policy.seats import Line, cap_of, effective_limit, settled_line
from tierce.rights.remote.breaker import Breaker
from tierce.rights.remote.errors import NoAnswerError
from tierce.rights.remote.model import Asked
from tierce.rights.remote.rules import OUTCOMES, claims_of, read_answer, slot_of
from tierce.rights.remote.signing import ANSWER, ASK, sign, verified

NOW = 1_790_000_000
ASKED = Asked(
    "n" * 20, "99000002", "", MemberNumber.parse("A-1"), BirthDate.parse("19800112"), Domain.OPTI, date(2026, 9, 21)
)
WELL = {
    "v": 1, "ask": ASKED.number, "iat": NOW, "answer": "covered", "product": "R1", "from": "2026-01-01",
    "until": "2026-12-31",
}  # fmt: skip


@given(cases(), st.integers(0, 2**62), st.booleans(), st.booleans(), st.integers(0, 6))
def test_nothing_that_is_known_of_a_person_changes_what_is_decided_before_her_insurer_is_asked(
    case: tuple[Ask, Read, Line], person: int, known: bool, contracted: bool, insurer: int
) -> None:
    ask, read, line = case
    near = replace(read, distant=Distant(False, True), person=PersonId(0), insurer=InsurerId(1))
    other = replace(read, distant=Distant(known, contracted), person=PersonId(person), insurer=InsurerId(insurer))
    first, second = decide(ask, near, line, TODAY), decide(ask, other, line, TODAY)
    assert first == second
    assert not isinstance(first.decision, Release)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 90)), min_size=40, max_size=220))
def test_whoever_asks_learns_of_no_more_people_than_the_bound_wherever_they_are_kept(
    asks: list[tuple[int, int]],
) -> None:
    """Every identifier that an insurer was asked about counts as learned, whether anybody has it or not."""
    profession = Profession.GP
    line, place, day = settled_line(profession, TODAY), PLACE_UNSEEN, TODAY
    limit = effective_limit(line)
    pairs: dict[int, tuple[int, int, int]] = {}
    learned, known = set[int](), set[int]()
    for gap, who in asks:
        day += gap
        state, since, seen = pairs.get(who, (0, 0, 0))
        remote = who % 3 != 0
        read = replace(
            read_of(person=0 if remote or who % 2 else who + 1), pair=who + 1, pair_state=state, pair_day=since,
            seen_day=seen, distant=Distant(bool(state), True) if remote else None,
        )  # fmt: skip
        verdict = decide(ask_of(caller(profession)), read, line, day, place)
        line, place = verdict.line, verdict.place
        if verdict.pair is not None:
            pairs[who] = (verdict.pair.state, verdict.pair.day, day)
        if isinstance(verdict.decision, Release | AskInsurer):
            (learned if verdict.seats else known).add(who)
    days = day - TODAY + 1
    assert len(learned) <= min(cap_of(limit) * days, limit * ceil(days / 30))
    assert known <= learned, "nobody is known of whom no seat was taken"


odd = st.one_of(st.none(), st.integers(), st.text(max_size=30), st.booleans(), st.lists(st.integers()))
members = st.sampled_from([*WELL, "priority", "convention", "html", "csr"])


@given(st.dictionaries(members, odd, max_size=4))
def test_an_answer_is_read_strictly_or_not_at_all(altered: dict[str, object]) -> None:
    try:
        said = read_answer(json.dumps({**WELL, **altered}).encode(), ASKED, NOW)
    except NoAnswerError:
        return
    assert said.outcome in OUTCOMES.values()
    assert (said.cover is None) == (said.outcome is not Outcome.RELEASED)
    if said.cover is not None:
        assert said.cover.first <= ASKED.care_date <= said.cover.last
        assert said.cover.product.isalnum()
        assert said.cover.product.isascii()
        assert said.cover.priority in {1, 2}


@given(st.binary(max_size=200))
def test_what_is_no_answer_is_told_by_one_error(raw: bytes) -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(NoAnswerError):
        read_answer(verified(ANSWER, raw, key), ASKED, NOW)
    with pytest.raises(NoAnswerError):
        read_answer(raw, ASKED, NOW)


@pytest.mark.parametrize(
    "altered",
    [{"answer": "ended", "product": "R1"}, {"answer": "maybe"}, {"ask": "x"}, {"iat": NOW - 121}, {"v": 2},
     {"until": "2026-09-20"}, {"until": "2099-12-31"}, {"product": "<b>"}, {"product": None}, {"convention": "a b"},
     {"name": "Anne"}],
)  # fmt: skip
def test_an_answer_that_says_too_much_or_of_another_time_is_none(altered: dict[str, object]) -> None:
    with pytest.raises(NoAnswerError):
        read_answer(json.dumps({**WELL, **altered}).encode(), ASKED, NOW)


def test_a_message_is_of_its_kind_and_of_one_key() -> None:
    ours, theirs = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    claims = claims_of(ASKED, NOW)
    message = sign(ASK, claims, ours)
    assert verified(ASK, message, public) == claims
    head, body, signature = message.split(b".")
    for wrong in (
        sign(ANSWER, claims, ours), sign(ASK, claims, theirs), head + b"." + body + b".", head + b"." + body,
        b".".join((head, body[:-2], signature)), b".".join((head + b"=", body, signature)),
    ):  # fmt: skip
        with pytest.raises(NoAnswerError):
            verified(ASK, wrong, public)
    assert "A-1" not in repr(ASKED)
    assert "19800112" not in repr(ASKED)


@given(st.floats(0, 1e6), st.floats(0, 60))
def test_an_answer_leaves_a_whole_number_of_slots_after_its_ask(begun: float, took: float) -> None:
    slot = slot_of(begun, begun + took)
    assert slot - begun == pytest.approx(SLOT_SECONDS * round((slot - begun) / SLOT_SECONDS), abs=1e-6)
    assert begun + took < slot + 1e-6
    if took < SLOT_SECONDS - 1e-6:
        assert slot == begun + SLOT_SECONDS
    assert ANSWER_SECONDS < SLOT_SECONDS


def test_an_insurer_is_away_after_so_many_failures_and_one_ask_tries_again() -> None:
    breaker = Breaker()
    for n in range(FAILURES_MAX):
        assert breaker.enter(n, LineId(n))
        assert breaker.failed(n, LineId(n)) is (n == FAILURES_MAX - 1)
        breaker.leave(tried=breaker.trying)
    last = float(FAILURES_MAX - 1)
    assert not breaker.enter(last + AWAY_SECONDS - 1, LineId(50))
    back = last + AWAY_SECONDS
    assert not breaker.enter(back, LineId(FAILURES_MAX - 1)), "whose failure counted does not try for all"
    assert breaker.enter(back, LineId(50))
    assert not breaker.enter(back, LineId(51)), "one tries"
    breaker.leave(tried=True)  # the gate refused it: it called nobody
    assert breaker.enter(back, LineId(50))
    breaker.answered()
    assert breaker.enter(back, LineId(50))
    assert breaker.under_way == 2


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_whoever_repeats_a_number_of_which_an_insurer_fails_closes_it_to_nobody(gaps: list[float]) -> None:
    """One line, as often as it likes, beside somebody else who is answered once in the time of four failures."""
    breaker, now, thief, other = Breaker(), 0.0, LineId(1), LineId(2)
    answered = 0.0
    for gap in gaps:
        now += gap
        if now - answered >= (FAILURES_MAX - 2) * FAILURE_SECONDS:
            breaker.answered()
            answered = now
        assert breaker.enter(now, thief)
        assert not breaker.failed(now, thief)
        breaker.leave(tried=breaker.trying)
        assert breaker.enter(now, other)
        breaker.leave(tried=breaker.trying)


def test_one_line_that_finds_nobody_there_has_it_closed_and_by_its_failures_in_minutes() -> None:
    alone, line = Breaker(), LineId(1)
    said = [alone.failed(float(n), line, unsent=True) for n in range(FAILURES_MAX)]
    assert said == [False] * (FAILURES_MAX - 1) + [True], "what could not leave depends on no number"
    slow = Breaker()
    said = [slow.failed(n * FAILURE_SECONDS, line) for n in range(FAILURES_MAX)]
    assert said == [False] * (FAILURES_MAX - 1) + [True]


def test_so_many_asks_about_one_insurer_are_under_way_and_no_more() -> None:
    breaker = Breaker()
    assert all(breaker.enter(0, LineId(n)) and breaker.full is (n == ASKS_MAX - 1) for n in range(ASKS_MAX))
    breaker.leave(tried=False)
    assert not breaker.full
