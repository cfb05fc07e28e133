"""Each check of the gate by itself: what it stops, and what it lets pass."""

from dataclasses import replace

import pytest

from tests.gate_cases import TODAY, ask_of, caller, domain_of, line_of, read_of
from tierce.gate.model import Ask, DeclaredLines, PairSeen, Read, Refuse, Release, Standing, StepUp
from tierce.gate.rules import (
    MISSES,
    PAIR_MISSED,
    PAIR_OPEN,
    PAIR_PROVED,
    counted_by,
    decide,
    evidence_of,
    is_seated,
    says_nothing,
    seen,
    settle_claim,
)
from tierce.kernel.care import Domain, Profession
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.allowed import DOMAINS, shown_by
from tierce.policy.ladder import EVIDENCE_WATCHED, HOLD_REFUSED, Level, Rung
from tierce.policy.lines import (
    PLACE_DESKS_MAX,
    PLACE_UNSEEN,
    declared_constants,
    declared_misses,
    place_constants,
)
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    DECLARED_UNSEEN,
    MISS_AGE,
    MISS_DAYS,
    PROBATION_KNOWN,
    PROVED_DAYS,
    SEAT_DAYS,
    SEATS,
    Line,
    cap_of,
    roll,
)
from tierce.presence.model import Claim, Kind

GP = Profession.GP
ASK = ask_of(caller())
FRESH = read_of()
KNOWN = read_of(state=PAIR_OPEN, day=TODAY)
CARDS_UNSEEN = DeclaredLines(DECLARED_UNSEEN, DECLARED_UNSEEN)


def test_a_first_ask_is_released_and_takes_a_seat() -> None:
    verdict = decide(ASK, FRESH, line_of(GP), TODAY)
    assert verdict.decision == Release(shown_by(Act.RIGHTS_ASK))
    assert verdict.pair == PairSeen(1, PAIR_OPEN, TODAY)
    assert (verdict.line.open, verdict.line.today, verdict.line.attempts) == (1, 1, 1)


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (replace(FRESH, live=False), Outcome.NOT_ALLOWED),
        (replace(FRESH, fresh=False), Outcome.NOT_ALLOWED),
        (read_of(rung=Rung.SUSPENDED), Outcome.HELD),
    ],
)
def test_what_is_refused_before_anybody_is_looked_up(read: object, outcome: Outcome) -> None:
    verdict = decide(ASK, read, line_of(GP), TODAY)  # type: ignore[arg-type]  # parametrised as object
    assert verdict.decision == Refuse(outcome)
    assert verdict.pair is None


def test_attempts_end_the_day() -> None:
    limit = DAY_LIMITS[GP].attempts
    assert decide(ASK, KNOWN, line_of(GP, attempts=limit - 1), TODAY).outcome is Outcome.RELEASED
    assert decide(ASK, KNOWN, line_of(GP, attempts=limit), TODAY).decision == Refuse(
        Outcome.OUT_OF_ATTEMPTS, TODAY + 1
    )
    assert decide(ASK, KNOWN, line_of(GP, attempts=limit), TODAY + 1).outcome is Outcome.RELEASED


@pytest.mark.parametrize("profession", list(Profession))
@pytest.mark.parametrize("domain", list(Domain))
def test_a_profession_asks_for_its_own_domains_alone(profession: Profession, domain: Domain) -> None:
    verdict = decide(ask_of(caller(profession), domain=domain), FRESH, line_of(profession), TODAY)
    expected = Outcome.RELEASED if domain in DOMAINS[profession] else Outcome.NOT_ALLOWED
    assert verdict.outcome is expected


@pytest.mark.parametrize("act", [act for act in Act if act not in (Act.RIGHTS_ASK, Act.RIGHTS_REVISIT)])
def test_an_act_that_shows_nobody_shows_nobody(act: Act) -> None:
    assert decide(replace(ASK, act=act), KNOWN, line_of(GP), TODAY).decision == Refuse(Outcome.NOT_ALLOWED)


def test_a_sign_in_too_weak_shows_nothing() -> None:
    weak = ask_of(caller(level=0), presence=Presence.VERIFIED)
    assert decide(weak, KNOWN, line_of(GP), TODAY).decision == Refuse(Outcome.NOT_ALLOWED)


@pytest.mark.parametrize(
    ("rung", "fresh", "known", "present"),
    [
        (Rung.NONE, True, True, True),
        (Rung.OBSERVED, True, True, True),
        (Rung.STEP_UP, False, True, True),
        (Rung.PRESENCE_ONLY, False, False, True),
        (Rung.SUSPENDED, False, False, False),
    ],
)
def test_each_rung_forbids_what_it_says(rung: Rung, fresh: bool, known: bool, present: bool) -> None:
    there = ask_of(caller(), presence=Presence.CONFIRMED)
    passed = [
        isinstance(decide(ask, replace(read, rung=rung), line_of(GP), TODAY).decision, Release)
        for ask, read in ((ASK, FRESH), (ASK, KNOWN), (there, FRESH))
    ]
    assert passed == [fresh, known, present]
    if not fresh:
        held = decide(ASK, replace(FRESH, rung=rung), line_of(GP), TODAY).decision
        plainly = rung >= Rung.SUSPENDED
        assert held == (Refuse(Outcome.HELD) if plainly else StepUp(Outcome.HELD)), "told like a miss below the last"


def test_an_unsigned_ask_shows_known_people_alone() -> None:
    unsigned = ask_of(caller(signed=False))
    assert decide(unsigned, FRESH, line_of(GP), TODAY).decision == StepUp(Outcome.UNSIGNED)
    assert decide(unsigned, KNOWN, line_of(GP), TODAY).outcome is Outcome.RELEASED
    there = replace(unsigned, presence=Presence.CONFIRMED)
    assert decide(there, FRESH, line_of(GP), TODAY).outcome is Outcome.RELEASED, "and whoever is there"


@pytest.mark.parametrize(
    ("state", "age", "known"),
    [
        (0, 0, False),
        (PAIR_OPEN, SEAT_DAYS - 1, True),
        (PAIR_OPEN, SEAT_DAYS, False),
        (PAIR_PROVED, PROVED_DAYS, True),
        (PAIR_PROVED, PROVED_DAYS + 1, False),
    ],
)
def test_how_long_a_pair_is_known(state: int, age: int, known: bool) -> None:
    verdict = decide(ASK, read_of(state=state, day=TODAY - age), line_of(GP), TODAY)
    assert (verdict.line.known, verdict.line.open) == ((1, 0) if known else (0, 1))


def test_known_people_have_a_limit_of_their_own() -> None:
    limit = DAY_LIMITS[GP].known
    assert decide(ASK, KNOWN, line_of(GP, known=limit - 1), TODAY).outcome is Outcome.RELEASED
    assert decide(ASK, KNOWN, line_of(GP, known=limit), TODAY).decision == StepUp(Outcome.KNOWN_LIMIT)
    counted = replace(KNOWN, seen_day=TODAY, seen_line=1)
    assert decide(ASK, counted, line_of(GP, known=limit), TODAY).outcome is Outcome.RELEASED


def test_a_new_device_opens_few_known_people() -> None:
    young = replace(line_of(GP, known=PROBATION_KNOWN), since=TODAY)
    assert decide(ASK, KNOWN, young, TODAY).decision == StepUp(Outcome.KNOWN_LIMIT)
    assert decide(ASK, KNOWN, replace(young, known=PROBATION_KNOWN - 1), TODAY).outcome is Outcome.RELEASED


def test_a_known_person_whose_card_was_read_counts_as_an_attempt_alone() -> None:
    full = line_of(GP, known=DAY_LIMITS[GP].known)
    declared = replace(ASK, presence=Presence.DECLARED)
    for line in (full, replace(full, since=TODAY)):
        verdict = decide(declared, KNOWN, line, TODAY)
        assert verdict.outcome is Outcome.RELEASED
        assert (verdict.line.known, verdict.line.attempts) == (full.known, full.attempts + 1)
    assert (
        decide(declared, KNOWN, line_of(GP, attempts=DAY_LIMITS[GP].attempts), TODAY).outcome
        is Outcome.OUT_OF_ATTEMPTS
    )


def test_a_reading_does_not_make_a_later_ask_without_it_free() -> None:
    declared, line = replace(ASK, presence=Presence.DECLARED), ASK.caller.line
    assert counted_by(declared, KNOWN, TODAY) == 0
    assert counted_by(declared, replace(KNOWN, seen_day=TODAY, seen_line=line), TODAY) == line
    assert counted_by(declared, FRESH, TODAY) == line
    assert counted_by(ASK, KNOWN, TODAY) == line


def test_no_seat_no_answer_and_the_refusal_is_counted() -> None:
    full = line_of(GP, today=cap_of(SEATS[GP].a))
    verdict = decide(ASK, FRESH, full, TODAY)
    assert verdict.decision == StepUp(Outcome.OUT_OF_SEATS)
    assert (verdict.line.refused, verdict.line.attempts, verdict.pair) == (1, 1, None)
    assert decide(ASK, FRESH, full, TODAY + 1).outcome is Outcome.RELEASED


def test_proved_presence_takes_no_seat_and_is_remembered() -> None:
    there = ask_of(caller(), presence=Presence.REPORTED)
    verdict = decide(there, FRESH, line_of(GP, today=cap_of(SEATS[GP].a)), TODAY)
    assert verdict.outcome is Outcome.RELEASED
    assert verdict.pair == PairSeen(1, PAIR_PROVED, TODAY)
    assert verdict.line.open == 0


def test_a_declared_presence_is_none() -> None:
    declared = ask_of(caller(), presence=Presence.DECLARED)
    assert decide(declared, FRESH, line_of(GP), TODAY).line.open == 1
    after = decide(declared, FRESH, line_of(GP), TODAY, declared=CARDS_UNSEEN)
    assert after.pair == PairSeen(1, PAIR_OPEN, TODAY)
    assert after.declared is not None
    assert [line.open for line in after.declared] == [1, 1]


@pytest.mark.parametrize(
    ("person", "insurer", "outcome"), [(0, 0, Outcome.UNKNOWN), (5, 0, Outcome.NOT_COVERED), (5, 1, Outcome.RELEASED)]
)
def test_a_miss_is_a_step_up_like_any_other(person: int, insurer: int, outcome: Outcome) -> None:
    verdict = decide(ASK, read_of(person=person, insurer=insurer), line_of(GP), TODAY)
    assert verdict.outcome is outcome
    assert isinstance(verdict.decision, Release if outcome is Outcome.RELEASED else StepUp)


def test_a_clock_set_back_gives_no_seat() -> None:
    full = line_of(GP, today=cap_of(SEATS[GP].a))
    assert decide(ASK, FRESH, full, TODAY - 1).outcome is Outcome.OUT_OF_SEATS


@pytest.mark.parametrize(
    ("refused", "evidence"),
    [
        (0, Evidence.NONE),
        (EVIDENCE_WATCHED - 1, Evidence.NONE),
        (EVIDENCE_WATCHED, Evidence.WATCHED),
        (HOLD_REFUSED, Evidence.STRONG),
    ],
)
def test_the_evidence_written_with_an_entry(refused: int, evidence: Evidence) -> None:
    assert evidence_of(line_of(GP, refused=refused)) is evidence


def test_the_next_ask_of_a_batch_reads_the_pair_as_it_was_left() -> None:
    after = seen(FRESH, PairSeen(1, PAIR_OPEN, TODAY), TODAY, 2)
    assert (after.pair_state, after.pair_day, after.seen_day, after.seen_line) == (PAIR_OPEN, TODAY, TODAY, 2)
    verdict = decide(ASK, after, line_of(GP), TODAY)
    assert (verdict.line.known, verdict.line.open) == (1, 0)
    assert domain_of(GP) is Domain.MEDG


def test_a_declared_reading_has_seats_of_its_own_and_a_miss_takes_none() -> None:
    card = replace(ASK, presence=Presence.DECLARED)
    full = line_of(GP, today=cap_of(SEATS[GP].a))
    first = decide(card, FRESH, full, TODAY, declared=CARDS_UNSEEN)
    assert first.outcome is Outcome.RELEASED
    assert first.declared is not None
    own, there = first.declared
    assert (own.open, there.open, first.line.open, first.place.open, first.seats) == (1, 1, 0, 0, 0)
    assert first.pair == PairSeen(1, PAIR_OPEN, TODAY)
    miss = decide(card, read_of(person=0, insurer=0), full, TODAY, declared=first.declared)
    assert (miss.outcome, miss.pair) == (Outcome.UNKNOWN, None)
    assert miss.declared == tuple(replace(line, attempts=1) for line in first.declared), "counted, and takes no seat"
    used_up = DeclaredLines(replace(own, attempts=DAY_LIMITS[GP].declared_misses), there)
    assert decide(card, read_of(person=0, insurer=0), full, TODAY, declared=used_up).outcome is Outcome.OUT_OF_SEATS
    fallen = decide(card, read_of(person=0, insurer=0), line_of(GP), TODAY, declared=used_up)
    assert (fallen.outcome, fallen.seats, fallen.declared) == (Outcome.UNKNOWN, 1, None)
    assert decide(card, FRESH, full, TODAY, declared=used_up).outcome is Outcome.RELEASED, "found: a seat"
    young = replace(line_of(GP), since=TODAY, proofs=0)
    assert decide(card, FRESH, young, TODAY, declared=CARDS_UNSEEN).declared is not None, "no probation there"


def test_a_miss_holds_its_seat_for_ten_days_and_asking_again_draws_no_other() -> None:
    gone = read_of(person=0, insurer=0)
    miss = decide(ASK, gone, line_of(GP), TODAY)
    assert (miss.outcome, miss.line.open, miss.place.open) == (Outcome.UNKNOWN, 1, 1)
    assert miss.pair == PairSeen(1, PAIR_MISSED, TODAY - MISS_AGE)
    for day, open_seats in ((TODAY + MISS_DAYS - 1, 1), (TODAY + MISS_DAYS, 0)):
        assert roll(miss.line, SEATS[GP], day).open == open_seats
    again = replace(gone, pair_state=PAIR_MISSED, pair_day=TODAY - MISS_AGE)
    full = replace(miss.line, today=cap_of(SEATS[GP].a))
    second = decide(ASK, again, full, TODAY)
    assert (second.outcome, second.seats, second.pair) == (Outcome.UNKNOWN, 0, miss.pair)
    assert (second.line.known, second.line.attempts) == (0, full.attempts + 1), "nobody known was shown"
    assert decide(ASK, again, full, TODAY + MISS_DAYS).seats == 1, "and afterwards it is a miss like any other"


def test_whoever_is_found_after_a_miss_is_a_person_never_shown() -> None:
    found = replace(FRESH, pair_state=PAIR_MISSED, pair_day=TODAY - MISS_AGE)
    shown = decide(ASK, found, line_of(GP), TODAY)
    assert (shown.outcome, shown.seats, shown.pair) == (Outcome.RELEASED, 1, PairSeen(1, PAIR_OPEN, TODAY))
    assert shown.line.seats[TODAY % SEAT_DAYS] == 1
    full = line_of(GP, today=cap_of(SEATS[GP].a))
    assert decide(ASK, found, full, TODAY).outcome is Outcome.OUT_OF_SEATS
    present = decide(replace(ASK, presence=Presence.VERIFIED), found, full, TODAY)
    assert present.pair == PairSeen(1, PAIR_MISSED, TODAY - MISS_AGE), "until the proof gives the miss's seat back"


def used_up_place(desks: int) -> Line:
    """A declared line of an establishment whose seats of the day are taken."""
    limit = declared_constants(GP, desks).a
    return replace(DECLARED_UNSEEN, day=TODAY, limit=limit, today=cap_of(limit))


def test_a_device_more_adds_nothing_to_what_a_place_declares() -> None:
    card, gone = replace(ASK, presence=Presence.DECLARED), read_of(person=0, insurer=0)
    place = DECLARED_UNSEEN
    told = []
    for _ in range(2):  # two devices of one login, each with a declared line of its own
        own = DECLARED_UNSEEN
        for _ in range(cap_of(DECLARED[GP].a)):
            verdict = decide(card, FRESH, line_of(GP), TODAY, desks=1, declared=DeclaredLines(own, place))
            told.append(verdict.declared is not None)
            own, place = verdict.declared or (own, place)
    assert told == [True] * cap_of(DECLARED[GP].a) + [False] * cap_of(DECLARED[GP].a)
    most = declared_misses(GP, 1)
    assert (most, declared_misses(GP, 4), declared_misses(GP, 6)) == (30, 120, 150)
    missed = DeclaredLines(DECLARED_UNSEEN, replace(DECLARED_UNSEEN, day=TODAY, limit=6, attempts=most))
    assert decide(card, gone, line_of(GP), TODAY, desks=1, declared=missed).seats == 1, "misses, neither"


def test_a_full_declared_line_falls_back_on_the_seats() -> None:
    card = replace(ASK, presence=Presence.DECLARED)
    full = line_of(GP, today=cap_of(SEATS[GP].a))
    own = replace(DECLARED_UNSEEN, day=TODAY, limit=DECLARED[GP].a, today=cap_of(DECLARED[GP].a))
    for spent in (DeclaredLines(own, DECLARED_UNSEEN), DeclaredLines(DECLARED_UNSEEN, used_up_place(desks=1))):
        after = decide(card, FRESH, line_of(GP), TODAY, desks=1, declared=spent)
        assert (after.outcome, after.declared, after.line.open, after.place.open) == (Outcome.RELEASED, None, 1, 1)
        assert decide(card, FRESH, full, TODAY, desks=1, declared=spent).outcome is Outcome.OUT_OF_SEATS
    assert decide(ASK, FRESH, full, TODAY).outcome is Outcome.OUT_OF_SEATS, "nothing without a declared reading"


FULL_PLACE = replace(PLACE_UNSEEN, day=TODAY, today=cap_of(place_constants(GP, PLACE_DESKS_MAX).top))
MISSED = read_of(person=0, insurer=0, state=PAIR_MISSED, day=TODAY - MISS_AGE)


@pytest.mark.parametrize(("place", "common", "stopped"), [
    (FULL_PLACE, True, Outcome.PLACE_FULL),
    (PLACE_UNSEEN, False, Outcome.COMMON_FULL),
])  # fmt: skip
def test_a_line_that_others_filled_stops_new_people_alone(place: Line, common: bool, stopped: Outcome) -> None:
    def outcome(ask: Ask, read: Read, declared: DeclaredLines | None = None) -> Outcome:
        return decide(ask, read, line_of(GP), TODAY, place, declared=declared, common=common).outcome

    new = decide(ASK, FRESH, line_of(GP), TODAY, place, common=common)
    assert (new.outcome, new.decision, new.pair, new.line.refused) == (stopped, StepUp(stopped), None, 0)
    card = replace(ASK, presence=Presence.DECLARED)
    assert outcome(ASK, KNOWN) is Outcome.RELEASED
    assert outcome(ASK, MISSED) is Outcome.UNKNOWN
    assert outcome(replace(ASK, presence=Presence.CONFIRMED), FRESH) is Outcome.RELEASED
    assert outcome(card, FRESH, CARDS_UNSEEN) is Outcome.RELEASED
    assert outcome(card, FRESH) is stopped
    assert outcome(ASK, FRESH, CARDS_UNSEEN) is stopped


@pytest.mark.parametrize(
    ("state", "age", "seen_day", "seen_line", "nothing"),
    [
        (PAIR_OPEN, SEAT_DAYS - 1, 0, 0, True),
        (PAIR_OPEN, SEAT_DAYS, 0, 0, False),
        (PAIR_OPEN, SEAT_DAYS, TODAY, 1, False),
        (PAIR_PROVED, 0, 0, 0, False),
        (PAIR_PROVED, 0, TODAY, 1, True),
        (PAIR_PROVED, 0, TODAY, 2, False),
        (PAIR_PROVED, 0, TODAY - 1, 1, False),
        (PAIR_PROVED, PROVED_DAYS + 1, TODAY, 1, False),
        (0, 0, TODAY, 1, False),
    ],
)
def test_when_one_more_ask_says_nothing(state: int, age: int, seen_day: int, seen_line: int, nothing: bool) -> None:
    read = read_of(state=state, day=TODAY - age, seen_day=seen_day, seen_line=seen_line)
    assert says_nothing(read, 1, TODAY) is nothing


@pytest.mark.parametrize(
    "outcome", [Outcome.PROOF_REFUSED, Outcome.PROOF_OF_ANOTHER, Outcome.NOT_CONFIRMED, Outcome.NOT_CERTIFIED]
)
def test_a_proof_that_does_not_stand_is_told_as_it_is(outcome: Outcome) -> None:
    asked = replace(
        ASK, presence=Presence.VERIFIED, claim=Claim(Kind.CARD, Presence.VERIFIED, None, 1, lambda _: True)
    )
    settled, read = settle_claim(asked, KNOWN, outcome)
    assert decide(settled, read, line_of(GP), TODAY).decision == Refuse(outcome)


def test_a_proof_that_stands_changes_nothing_and_one_of_another_counts_for_nothing() -> None:
    asked = replace(
        ASK, presence=Presence.VERIFIED, claim=Claim(Kind.CARD, Presence.VERIFIED, None, 1, lambda _: True)
    )
    assert settle_claim(asked, FRESH, 0) == (asked, FRESH)
    assert settle_claim(ASK, FRESH, 0) == (ASK, FRESH), "no proof came with it"
    other = replace(asked, claim=Claim(Kind.CARD, Presence.VERIFIED, None, 1, lambda _: False))
    for looked_up, outcome in ((0, Outcome.PROOF_OF_ANOTHER), (1, Outcome.PROOF_OF_ANOTHER)):
        settled, read = settle_claim(other, FRESH, looked_up)
        assert (settled.presence, read.unproved) == (Presence.NONE, outcome)
    settled, read = settle_claim(asked, FRESH, 1)
    assert (settled.presence, read.unproved) == (Presence.NONE, Outcome.PROOF_REFUSED)


@pytest.mark.parametrize(
    ("state", "age", "kept"),
    [
        (0, 0, (PAIR_PROVED, 0)),
        (PAIR_PROVED, 5, (PAIR_PROVED, 0)),
        (PAIR_OPEN, SEAT_DAYS - 1, (PAIR_OPEN, SEAT_DAYS - 1)),
        (PAIR_OPEN, SEAT_DAYS, (PAIR_PROVED, 0)),
        (PAIR_MISSED, SEAT_DAYS, (PAIR_PROVED, 0)),
    ],
)
def test_whoever_is_there_is_known_from_today_unless_her_seat_waits_for_the_proof(
    state: int, age: int, kept: tuple[int, int]
) -> None:
    there = replace(ASK, presence=Presence.VERIFIED)
    after = decide(there, read_of(state=state, day=TODAY - age), line_of(GP), TODAY)
    assert after.pair == PairSeen(1, kept[0], TODAY - kept[1])


def test_the_limit_of_known_people_stops_nobody_new_and_a_miss_has_its_seat() -> None:
    assert decide(ASK, FRESH, line_of(GP, known=DAY_LIMITS[GP].known), TODAY).outcome is Outcome.RELEASED
    assert is_seated(MISSED, TODAY)
    assert is_seated(KNOWN, TODAY)
    assert not is_seated(FRESH, TODAY)


def test_a_reason_is_told_to_whoever_is_there_but_never_that_her_insurer_is_closed() -> None:
    there = replace(ASK, presence=Presence.VERIFIED)
    closed, uncovered = replace(FRESH, closed=Level.INSURER), read_of(insurer=0)
    for ask, read, outcome, precise in (
        (there, uncovered, Outcome.NOT_COVERED, True),
        (there, closed, Outcome.CLOSED, False),
        (ASK, uncovered, Outcome.NOT_COVERED, False),
        (ASK, closed, Outcome.CLOSED, False),
    ):
        assert decide(ask, read, line_of(GP), TODAY).decision == StepUp(outcome, precise=precise)


@pytest.mark.parametrize("level", [Level.NATION, Level.PORTAL, Level.ACT, Level.DOMAIN])
def test_what_is_closed_whole_is_said_plainly_to_whoever_is_there_too(level: Level) -> None:
    for ask in (ASK, replace(ASK, presence=Presence.VERIFIED)):
        assert decide(ask, replace(KNOWN, closed=level), line_of(GP), TODAY).decision == Refuse(Outcome.CLOSED)


def test_the_lowest_level_of_sign_in_asks_and_whoever_is_there_or_was_told_today_passes_the_limit() -> None:
    assert decide(ask_of(caller(level=1)), FRESH, line_of(GP), TODAY).outcome is Outcome.RELEASED
    full = line_of(GP, known=DAY_LIMITS[GP].known)
    there = decide(replace(ASK, presence=Presence.CONFIRMED), KNOWN, full, TODAY)
    again = decide(ASK, replace(KNOWN, seen_day=TODAY, seen_line=1), full, TODAY)
    for verdict in (there, again):
        assert (verdict.outcome, verdict.line.known) == (Outcome.RELEASED, full.known)


@pytest.mark.parametrize("standing", list(MISSES))
def test_each_standing_that_shows_nothing_has_its_outcome_though_an_insurer_is_read(standing: Standing) -> None:
    assert decide(ASK, replace(FRESH, standing=standing), line_of(GP), TODAY).outcome is MISSES[standing]
    nobodys = read_of(insurer=0, standing=Standing.COVERED)
    assert decide(ASK, nobodys, line_of(GP), TODAY).outcome is Outcome.NOT_COVERED
