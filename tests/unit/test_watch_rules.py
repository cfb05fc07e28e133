"""What a line of the journal says against a device, and that refusals alone hold nobody."""

from dataclasses import replace

import pytest

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId, EntrySeq, LineId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.evidence import (
    HINT_AGAIN,
    HINT_FIRST,
    HOLD_AT,
    Indicator,
    Observation,
    begin,
    hint_of,
    observe,
    released,
)
from tierce.policy.ladder import Rung
from tierce.policy.seats import DAY_LIMITS, SEATS
from tierce.watch.model import Looked
from tierce.watch.rules import hold_of, is_full, is_proved, is_unexplained, observation_of, say_evidence

DAY = 20_000
NOON_US = (DAY * 24 + 12) * 3_600_000_000
REFUSED = Observation(DAY, first=True)
FAMILIAR = Observation(DAY, first=False)


def looked(
    kind: EntryKind, outcome: Outcome, *, hint: int = HINT_FIRST | hint_of(7, 44), presence: Presence = Presence.NONE
) -> Looked:
    """A line of one ask."""
    entry = Entry(
        kind=kind, act=Act.RIGHTS_ASK, outcome=outcome, evidence=Evidence.NONE, time_us=NOON_US,
        professional=ProfessionalId(9), device=DeviceId(1), presence=presence, policy=bytes(16),
    )  # fmt: skip
    return Looked(EntrySeq(1), entry, LineId(3), Profession.GP, hint)


def test_each_ask_without_proof_says_what_it_was() -> None:
    area, prefix = 8, 45
    refused = looked(EntryKind.REFUSAL, Outcome.OUT_OF_SEATS)
    assert observation_of(refused) == Observation(DAY, True, False, area, prefix)
    assert observation_of(looked(EntryKind.MISS, Outcome.UNKNOWN)) == Observation(DAY, False, True, area, prefix)
    shown = looked(EntryKind.DISCLOSURE, Outcome.RELEASED)
    assert observation_of(shown) == Observation(DAY, True, False, area, prefix)
    uncovered = looked(EntryKind.MISS, Outcome.NOT_COVERED)
    assert observation_of(uncovered) == Observation(DAY, False, True, area, prefix)
    known = looked(EntryKind.DISCLOSURE, Outcome.RELEASED, hint=hint_of(7, 44))
    assert observation_of(known) == Observation(DAY, False, False, area, prefix)


def test_a_contract_that_ended_is_somebody_new_and_no_number_made_up() -> None:
    seen = observation_of(looked(EntryKind.MISS, Outcome.ENDED))
    assert seen is not None
    assert (seen.first, seen.miss) == (True, False)


@pytest.mark.parametrize(
    ("presence", "proved"),
    [
        (Presence.NONE, False),
        (Presence.DECLARED, False),
        (Presence.CONFIRMED, True),
        (Presence.REPORTED, True),
        (Presence.VERIFIED, True),
    ],
)
def test_only_somebody_shown_for_the_first_time_without_proof_waits_for_an_invoice(
    presence: Presence, proved: bool
) -> None:
    shown = looked(EntryKind.DISCLOSURE, Outcome.RELEASED, presence=presence)
    assert is_proved(shown.entry) is proved
    assert is_unexplained(shown) is not proved
    assert not is_unexplained(replace(shown, hint=hint_of(7, 44))), "a known person"
    assert not is_unexplained(replace(shown, line=LineId(0))), "no line of seats"
    assert not is_unexplained(looked(EntryKind.MISS, Outcome.UNKNOWN, presence=presence)), "nobody was shown"


@pytest.mark.parametrize(
    ("outcome", "left", "full"),
    [
        (Outcome.OUT_OF_SEATS, 5, True),
        (Outcome.OUT_OF_SEATS, 0, True),
        (Outcome.RELEASED, 0, True),
        (Outcome.RELEASED, 1, False),
        (Outcome.RELEASED, None, False),
        (Outcome.HELD, 3, False),
    ],
)
def test_a_line_is_full_when_no_place_is_left_before_or_after(outcome: Outcome, left: int | None, full: bool) -> None:
    one = looked(EntryKind.DISCLOSURE, outcome)
    one = replace(one, entry=replace(one.entry, seats_after=left))
    assert is_full(one) is full
    assert not is_full(replace(one, line=LineId(0)))


def test_what_is_usual_is_said_to_be() -> None:
    state = begin(Profession.GP, DAY)
    assert say_evidence(state, 1.9).fr.endswith("rien d’inhabituel.")
    assert "une année sur 2 au plus" in say_evidence(state, 2.0).fr


ONE_UNKNOWN = Phrase(
    "Sur 1 demande sans preuve de présence, 1 pour une personne jamais vue ici, dont 1 inconnue : rien d’inhabituel.",
    "Of 1 request without proof of presence, 1 for a person never seen here, 1 of them unknown: nothing unusual.",
)
TWO_KNOWN = Phrase(
    "Sur 2 demandes sans preuve de présence, 2 pour des personnes jamais vues ici :"
    " un compte honnête n’en arrive là qu’une année sur 2 au plus.",
    "Of 2 requests without proof of presence, 2 for people never seen here:"
    " an honest account comes to this in one year of 2 at most.",
)
AT_MOST = Phrase(
    "Sur 9 demandes sans preuve de présence, 0 pour une personne jamais vue ici :"
    " un compte honnête n’en arrive là qu’une année sur 10\u202f000 au plus.",
    "Of 9 requests without proof of presence, 0 for people never seen here:"
    " an honest account comes to this in one year of 10,000 at most.",
)
A_DECOY = Phrase(
    "Sur 3 demandes sans preuve de présence, 2 pour des personnes jamais vues ici, dont 2 inconnues ;"
    " leurres demandés : 1.",
    "Of 3 requests without proof of presence, 2 for people never seen here, 2 of them unknown; decoys asked for: 1.",
)


@pytest.mark.parametrize(
    ("counts", "worth", "said"),
    [
        ((1, 1, 1, 0), 1.9, ONE_UNKNOWN),
        ((2, 2, 0, 0), 2.0, TWO_KNOWN),
        ((9, 0, 0, 0), 10 * HOLD_AT + 5.0, AT_MOST),
        ((3, 2, 2, 1), 5_000.0, A_DECOY),
    ],
)
def test_what_is_said_to_whoever_must_decide_counts_in_good_french_and_english(
    counts: tuple[int, int, int, int], worth: float, said: Phrase
) -> None:
    """A decoy is said in place of how unlikely it is: nobody honest has its number."""
    asked, unfamiliar, misses, decoys = counts
    seen = {Indicator.UNFAMILIAR: unfamiliar, Indicator.MISS: misses}
    state = begin(Profession.GP, DAY)._replace(
        events=asked, decoys=decoys, seen=tuple(seen.get(one, 0) for one in Indicator)
    )
    assert say_evidence(state, worth) == said


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.OUT_OF_ATTEMPTS, Outcome.CLOSED, Outcome.NOT_ALLOWED])
def test_other_refusals_say_nothing(outcome: Outcome) -> None:
    assert observation_of(looked(EntryKind.REFUSAL, outcome)) is None


@pytest.mark.parametrize("presence", [Presence.DECLARED, Presence.CONFIRMED, Presence.VERIFIED])
def test_a_card_that_was_read_is_no_evidence(presence: Presence) -> None:
    assert observation_of(looked(EntryKind.DISCLOSURE, Outcome.RELEASED, presence=presence)) is None


@pytest.mark.parametrize("kind", [EntryKind.DISCLOSURE, EntryKind.REVISIT, EntryKind.MISS])
def test_one_more_ask_about_somebody_told_today_is_no_observation(kind: EntryKind) -> None:
    outcome = Outcome.UNKNOWN if kind is EntryKind.MISS else Outcome.RELEASED
    assert observation_of(looked(kind, outcome, hint=HINT_AGAIN | hint_of(7, 44))) is None


@pytest.mark.parametrize("profession", SEATS)
def test_whoever_goes_on_after_refusals_is_held_by_what_the_asks_are_worth(profession: Profession) -> None:
    state, asks, rung = begin(profession, DAY), 0, Rung.NONE
    while rung < Rung.PRESENCE_ONLY:
        state, rung = observe(state, REFUSED)
        asks += 1
    assert asks < DAY_LIMITS[profession].attempts, "before the first day is over"
    hold = hold_of(DeviceId(1), ProfessionalId(9), state, rung, 1e4)
    assert hold.rung is Rung.PRESENCE_ONLY
    assert f"{asks} pour des personnes jamais vues ici" in hold.reason.fr
    assert f"{asks} for people never seen here" in hold.reason.en


def test_a_busy_desk_that_is_refused_often_among_its_own_patients_is_not_held() -> None:
    state, rung = begin(Profession.GP, DAY), Rung.NONE
    for ask in range(90):
        state, rung = observe(state, REFUSED if ask % 3 == 0 else FAMILIAR)
    assert rung is Rung.NONE, "thirty refusals in a day, and twice as many known people"


def test_what_a_human_found_honest_holds_less_often_the_next_weeks() -> None:
    def holds(*, forgets: bool) -> int:
        state, count = begin(Profession.GP, DAY), 0
        for day in range(DAY, DAY + 60):
            for ask in range(20):
                state, rung = observe(state, Observation(day, first=ask % 10 < 7))
                if rung >= Rung.STEP_UP:
                    count += 1
                    caps = state.shares, state.volume
                    state = released(state, day)
                    if forgets:
                        state = state._replace(shares=caps[0], volume=caps[1])
        return count

    assert holds(forgets=True) > 10
    assert holds(forgets=False) == 1
