"""Presence never makes more than that person visible, whatever comes with an ask; and a card says what was put in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate_cases import TODAY, cases
from tierce.gate.model import Ask, Read, Release
from tierce.gate.rules import decide, settle_claim
from tierce.kernel.ids import EstablishmentId, PersonId
from tierce.policy.acts import Outcome, Presence
from tierce.policy.presence import SKEW_SECONDS
from tierce.policy.seats import Line
from tierce.presence.model import Card, Claim, Kind, Reason
from tierce.presence.rules import (
    named,
    once_of,
    pack_card,
    place_code,
    read_card,
    read_place_code,
    read_spoken,
    refusal,
    spaced,
    write_card,
)

looked_up = st.sampled_from([0, 1, 25, 27])
grades = st.sampled_from([Presence.CONFIRMED, Presence.VERIFIED])
cards = st.builds(
    Card,
    signer=st.integers(1, 2**16 - 1),
    establishment=st.integers(1, 2**63 - 1).map(EstablishmentId),
    handle=st.binary(min_size=8, max_size=8),
    issued=st.integers(1_700_000_000, 2_000_000_000),
    seconds=st.integers(1, 255),
    nonce=st.binary(min_size=8, max_size=8),
)


def claimed(ask: Ask, grade: Presence, person: int) -> Ask:
    """The same ask with a proof that names one person."""
    claim = Claim(Kind.CARD, grade, None, 1, lambda asked: asked == person)
    return replace(ask, presence=grade, claim=claim)


@given(cases(), grades, st.sampled_from([0, 5, 6]), looked_up)
def test_a_proof_about_somebody_else_shows_nothing_that_no_proof_would_not(
    case: tuple[Ask, Read, Line], grade: Presence, person: int, said: int
) -> None:
    ask, read, line = case
    ask = replace(ask, presence=Presence.NONE)
    without = decide(ask, read, line, TODAY)
    settled, known = settle_claim(claimed(ask, grade, person), read, said)
    verdict = decide(settled, known, line, TODAY)
    stands = said == 0 and person == read.person
    if not stands:
        assert settled.presence is Presence.NONE
        assert not isinstance(verdict.decision, Release)
        assert verdict.pair is None
        assert verdict.line.open == decide(ask, replace(read, live=False), line, TODAY).line.open
    elif isinstance(without.decision, Release):
        assert isinstance(verdict.decision, Release), "who is there is shown at least what she was shown without"


@given(cases(), grades, looked_up)
def test_what_is_said_of_a_proof_that_does_not_stand_is_the_same_whoever_was_asked_for(
    case: tuple[Ask, Read, Line], grade: Presence, said: int
) -> None:
    """A thief holds a card of somebody (6): asked for anybody else, known or not, the outcome is one."""
    ask, read, line = case
    outcomes = set()
    for person in (0, 5, 7):
        asked, known = settle_claim(claimed(ask, grade, 6), replace(read, person=PersonId(person)), said)
        outcomes.add(decide(asked, known, line, TODAY).outcome)
    assert len(outcomes) == 1
    assert Outcome.RELEASED not in outcomes


@given(cards, st.binary(min_size=64, max_size=64))
def test_a_card_is_read_as_it_was_written_and_no_other_text_is_it(card: Card, signature: bytes) -> None:
    text = write_card(pack_card(card), signature)
    assert len(text) == 154
    assert read_card(text.lower()) == (card, pack_card(card), signature)
    assert read_card(text[:-1]) is None
    assert read_card(text[:-1] + chr(ord("A") + (ord(text[-1]) - ord("A") + 1) % 26)) != read_card(text)
    assert read_card(text[:2]) is read_card(text + "A" * 8) is None


@given(cards, cards)
def test_a_card_is_spent_under_a_number_of_its_own(one: Card, other: Card) -> None:
    numbers = {once_of(pack_card(card)) for card in (one, other, replace(one, nonce=other.nonce))}
    assert len(numbers) == len({one, other, replace(one, nonce=other.nonce)})


@pytest.mark.parametrize(
    ("text", "code", "digits"),
    [
        ("1234 5674", 12345674, 12345674),
        ("12345674", 12345674, 12345674),
        ("00000000", 0, 0),
        ("12345675", None, 12345675),
        ("1234567", None, None),
        ("123456740", None, None),
        ("1234567४", None, None),
        ("1234567²", None, None),
        ("-1234567", None, None),
        ("", None, None),
    ],
)
def test_eight_digits_and_nothing_else_are_a_code_or_said_aloud(
    text: str, code: int | None, digits: int | None
) -> None:
    assert read_place_code(text) == code
    assert read_spoken(text) == digits


@given(cards, st.integers(-400, 400))
def test_a_card_serves_from_its_issue_to_its_end_with_the_skew_and_at_its_place(card: Card, after: int) -> None:
    now = datetime.fromtimestamp(card.issued, UTC) + timedelta(seconds=after)
    why = refusal(card, card.establishment, now)
    assert (why is None) == (-SKEW_SECONDS <= after <= card.seconds + SKEW_SECONDS)
    elsewhere = refusal(card, EstablishmentId(card.establishment + 1), now)
    assert elsewhere is (why or Reason.AUDIENCE)


def test_a_card_serves_to_the_last_second_and_not_past_it() -> None:
    card = Card(1, EstablishmentId(7), bytes(8), 1_800_000_000, 90, bytes(8))
    for after, why in (
        (-SKEW_SECONDS, None), (-SKEW_SECONDS - 1, Reason.EARLY),
        (90 + SKEW_SECONDS, None), (91 + SKEW_SECONDS, Reason.EXPIRED),
    ):  # fmt: skip
        assert refusal(card, card.establishment, datetime.fromtimestamp(card.issued + after, UTC)) is why


def test_a_card_names_one_person_at_one_place_at_one_time() -> None:
    told = {
        named(nonce, PersonId(person), EstablishmentId(place))
        for nonce in (b"a" * 8, b"b" * 8)
        for person in (1, 256)
        for place in (1, 256)
    }
    assert len(told) == 8


@given(st.integers(0, 2**31), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_of_a_place_s_code_finds_none(drawn: int, at: int, by: int) -> None:
    code = place_code(drawn)
    text = spaced(code).replace(" ", "")
    assert read_place_code(spaced(code)) == code
    slipped = text[:at] + str((int(text[at]) + by) % 10) + text[at + 1 :]
    assert read_place_code(slipped) is None
