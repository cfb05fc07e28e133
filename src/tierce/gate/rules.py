"""The decision, pure: a chain of checks that only ever take away.

Every check looks at a case and either lets it pass or names the outcome that stops it. What passes all of them
is released; so adding a check can never turn a refusal into a release. What does not depend on the person comes
first (session, attempts, act, sign-in), so that a plain refusal never tells who is known to an establishment;
then ladder, signature, known pair, seats.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from tierce.gate.model import (
    Ask,
    AskInsurer,
    Decision,
    DeclaredLines,
    PairSeen,
    Read,
    Refuse,
    Release,
    Standing,
    StepUp,
    Verdict,
)
from tierce.policy.acts import Act, Evidence, Outcome, Presence
from tierce.policy.allowed import LEVEL_MIN, may_ask, shown_by
from tierce.policy.assistants import may_assistant
from tierce.policy.ladder import EVIDENCE_WATCHED, HOLD_REFUSED, Level, Rung
from tierce.policy.lines import PLACE_DESKS_MAX, PLACE_UNSEEN, declared_constants, declared_misses, place_constants
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    MISS_AGE,
    PROVED_DAYS,
    SEAT_DAYS,
    SEATS,
    Line,
    count,
    has_room,
    known_limit,
    roll,
    take,
)

PAIR_OPEN = 1
PAIR_PROVED = 2
PAIR_MISSED = 3
"""Nobody was found: the seat of that miss stands, for as long as nobody is found."""
PAIR_BLANK = 4
"""Nobody's: a refusal told like a miss writes a row of the same cost, or its answer would come sooner."""
HOLD_SEATS: Final = frozenset({PAIR_OPEN, PAIR_MISSED})
"""States of a pair that holds a seat."""
_DECLARED: Final = Presence.DECLARED
_CONFIRMED: Final = Presence.CONFIRMED
_NOT_WHOLE: Final = (0, Level.INSURER)
_STEP_UP, _PRESENCE_ONLY, _SUSPENDED = Rung.STEP_UP, Rung.PRESENCE_ONLY, Rung.SUSPENDED
"""Members of enumerations, looked up once: for each ask that costs as much as the comparison."""


@dataclass(slots=True)
class Case:
    """One ask with everything that its decision may depend on; its lines are rolled forward to `day`.

    Made once for each ask and changed by nobody; not frozen, which would triple the time it takes to make.
    """

    ask: Ask
    read: Read
    line: Line
    place: Line
    common: bool
    day: int
    present: bool
    """Presence is proved to us, reported by a peer, or confirmed by the person."""
    known: bool
    """The establishment holds a seat for these identifiers, or had presence proved within 24 months."""
    missing: Outcome | None
    """Why nothing can be shown of whoever was looked up, or None when one insurer's period answers."""
    seated: bool
    """No seat is to be drawn: presence, a known pair, or a miss whose seat still stands."""
    declared: DeclaredLines | None = None
    """The declared lines, when certified software read the card and a seat is free on both."""

    @property
    def counted(self) -> bool:
        """This line already showed this pair today, so it is not another person of the day."""
        return was_told(self.read, self.ask.caller.line, self.day)


def was_told(read: Read, line: int, day: int) -> bool:
    """Whether this line asked about this pair today, and was answered."""
    return read.seen_day == day and read.seen_line == line


def says_nothing(read: Read, line: int, day: int) -> bool:
    """Whether one more ask about this known pair says nothing of the practice (policy.evidence.HINT_AGAIN)."""
    return is_known(read, day) and (read.pair_state == PAIR_OPEN or was_told(read, line, day))


def is_known(read: Read, day: int) -> bool:
    """Whether the pair memory holds these identifiers for `day`."""
    if read.pair_state == PAIR_OPEN:
        return day - read.pair_day < SEAT_DAYS
    return read.pair_state == PAIR_PROVED and day - read.pair_day <= PROVED_DAYS


def is_missed(read: Read, day: int) -> bool:
    """Whether nobody was found for these identifiers in the last days, and still nobody is: that miss has its seat.

    Once somebody is found who was not before, she is a person never shown here: her seat is one of thirty days.
    """
    asked_lately = read.pair_state == PAIR_MISSED and day - read.pair_day < SEAT_DAYS
    return asked_lately and _what_is_missing(read) is not None


def is_seated(read: Read, day: int) -> bool:
    """Whether an ask without presence draws no seat: a known pair, or a miss that has its seat."""
    return is_known(read, day) or is_missed(read, day)


Check = Callable[[Case], Outcome | None]


def check_session(case: Case) -> Outcome | None:
    """The session stands, and the browser's proof serves once."""
    return None if case.read.live and case.read.fresh else Outcome.NOT_ALLOWED


def check_attempts(case: Case) -> Outcome | None:
    """The day's attempts come first: once used up, the answer does not depend on who is asked for."""
    limit = DAY_LIMITS[case.ask.caller.profession].attempts
    return None if case.line.attempts < limit else Outcome.OUT_OF_ATTEMPTS


def check_closed(case: Case) -> Outcome | None:
    """The nation, the site, the act or the domain is closed: said plainly, for it depends on nobody.

    A closed insurer is another matter: who meets it is covered by it. It is told like an absence of cover, in
    `_passed`, after a seat was taken as for anybody else.
    """
    return Outcome.CLOSED if case.read.closed not in _NOT_WHOLE else None


def check_proof(case: Case) -> Outcome | None:
    """A proof of presence that does not stand is said plainly, never taken for none: what is said is about the proof.

    Whoever was asked for may exist or not: the outcome is the same (`settle_claim`).
    """
    return case.read.unproved


def check_ladder(case: Case) -> Outcome | None:
    """The highest rung on which the login, device, establishment, profession or nation stands."""
    rung = case.read.rung
    if rung < _STEP_UP:
        return None
    if rung >= _SUSPENDED:
        return Outcome.HELD
    if rung >= _PRESENCE_ONLY:
        return None if case.present else Outcome.HELD
    return None if case.present or case.known else Outcome.HELD


def check_signature(case: Case) -> Outcome | None:
    """An ask that the browser's key did not sign shows only known pairs and proved presence."""
    return None if case.ask.caller.assurance.signed or case.known or case.present else Outcome.UNSIGNED


def check_act(case: Case) -> Outcome | None:
    """The act is open to this profession for this domain, after a sign-in strong enough."""
    caller = case.ask.caller
    allowed = may_ask(caller.profession, case.ask.act, case.ask.domain) and caller.assurance.level >= LEVEL_MIN
    allowed = allowed and (caller.assistant is None or may_assistant(case.ask.act))
    return None if allowed else Outcome.NOT_ALLOWED


def check_known(case: Case) -> Outcome | None:
    """Known people have a daily limit; one whose card certified software read counts as an attempt alone."""
    if case.present or not case.known or case.counted or case.ask.presence is _DECLARED:
        return None
    limit = known_limit(case.line, case.ask.caller.profession)
    return None if case.line.known < limit else Outcome.KNOWN_LIMIT


def check_seats(case: Case) -> Outcome | None:
    """A first-time pair without proved presence needs a free seat."""
    if case.seated or case.declared is not None or has_room(case.line):
        return None
    return Outcome.OUT_OF_SEATS


def check_place(case: Case) -> Outcome | None:
    """The seat is drawn on the establishment's line too, whoever of its people draws it."""
    if case.seated or case.declared is not None or has_room(case.place):
        return None
    return Outcome.PLACE_FULL


def check_common(case: Case) -> Outcome | None:
    """And on those of the software, its vendor, the cell and the nation; full, they ask for a proof, no more."""
    free = case.seated or case.declared is not None or case.common
    return None if free else Outcome.COMMON_FULL


CHECKS: tuple[Check, ...] = (
    check_session,
    check_attempts,
    check_act,
    check_closed,
    check_proof,
    check_ladder,
    check_signature,
    check_known,
    check_seats,
    check_place,
    check_common,
)

MISSES: Mapping[Standing, Outcome] = {
    Standing.NONE: Outcome.NOT_COVERED,
    Standing.NOT_CONTRACTED: Outcome.NOT_CONTRACTED,
    Standing.NOT_ELIGIBLE: Outcome.NOT_ELIGIBLE,
    Standing.FUTURE: Outcome.FUTURE,
    Standing.ENDED: Outcome.ENDED,
    Standing.NO_OTHER_PAYER: Outcome.NO_OTHER_PAYER,
}
"""What the journal says of a person who was looked up and of whom nothing is shown."""

LOOKED_UP = frozenset({Outcome.UNKNOWN, *MISSES.values()})
"""Outcomes of asks that passed every check and found nothing to show."""

UNPROVED = frozenset({Outcome.PROOF_REFUSED, Outcome.PROOF_OF_ANOTHER, Outcome.NOT_CONFIRMED, Outcome.NOT_CERTIFIED})
"""Outcomes of asks whose proof of presence does not stand."""

REFUSALS = frozenset({Outcome.NOT_ALLOWED, Outcome.OUT_OF_ATTEMPTS, Outcome.CLOSED, *UNPROVED})
"""Outcomes that say nothing about the person, and are therefore told as they are."""


def decide(
    ask: Ask,
    read: Read,
    line: Line,
    day: int,
    place: Line = PLACE_UNSEEN,
    desks: int = PLACE_DESKS_MAX,
    *,
    declared: DeclaredLines | None = None,
    common: bool = True,
    checks: Sequence[Check] = CHECKS,
) -> Verdict:
    """Decide one ask.

    Args:
        ask: the question.
        read: what the database knew; in a batch, as the asks before this one leave it.
        line: the stored state of the caller's line.
        day: today, in days since 1970-01-01 in Paris.
        place: the stored state of the establishment's line; by default one that nobody used, of the largest size.
        desks: how many professionals are enrolled there, which sizes that line.
        declared: the stored states of the declared lines, the caller's and the establishment's; they count for a
            declared reading alone. None: such a reading counts for nothing.
        common: whether every line that many share, and every pool, has a seat for this ask.
        checks: the chain; only tests give another one.

    Returns:
        The decision, its outcome, the lines' next states and what the pair memory must keep. An ask that is
        stopped never enters the pair memory.
    """
    profession = ask.caller.profession
    if line.day < day:
        line = roll(line, SEATS[profession], day)
    if place.day < day:
        place = roll(place, place_constants(profession, desks), day)
    present, known, missing = ask.presence >= _CONFIRMED, is_known(read, day), _what_is_missing(read)
    seated = present or known or is_missed(read, day)
    case = Case(ask, read, line, place, common, day, present, known, missing, seated)
    if declared is not None and ask.presence is _DECLARED and not seated:
        case.declared = _declared_room(declared, case, desks)
    for check in checks:
        outcome = check(case)
        if outcome is not None:
            return _stopped(case, outcome)
    return _passed(case)


def _declared_room(stored: DeclaredLines, case: Case, desks: int) -> DeclaredLines | None:
    """The rolled declared lines, if both take one more of this kind today."""
    profession = case.ask.caller.profession
    own = roll(stored.own, DECLARED[profession], case.day)
    place = roll(stored.place, declared_constants(profession, desks), case.day)
    used_up = own.attempts >= DAY_LIMITS[profession].declared_misses or (
        place.attempts >= declared_misses(profession, desks)
    )
    if (case.missing is not None and used_up) or not (has_room(own) and has_room(place)):
        return None
    return DeclaredLines(own, place)


def _stopped(case: Case, outcome: Outcome) -> Verdict:
    # Only her own line's refusals count against her: a neighbour who fills a line that they share accuses nobody.
    line = count(case.line, refused=1 if outcome is Outcome.OUT_OF_SEATS else 0)
    held_by_suspension = outcome is Outcome.HELD and case.read.rung >= Rung.SUSPENDED
    decision: Decision
    if outcome in REFUSALS or held_by_suspension:
        retry = case.day + 1 if outcome is Outcome.OUT_OF_ATTEMPTS else None
        decision = Refuse(outcome, retry)
    else:
        decision = StepUp(outcome)
    return Verdict(decision, outcome, line, None, case.place)


def _passed(case: Case) -> Verdict:
    read, missing = case.read, case.missing
    place, seats, declared = case.place, 0, None
    pair: PairSeen | None
    if case.seated:
        line, pair = _seated(case)
    elif case.declared is not None:
        line = count(case.line)
        # A declared miss takes no seat, so nothing of it is remembered but that it was one.
        own, shared = case.declared
        declared = (
            DeclaredLines(take(own), take(shared)) if missing is None else DeclaredLines(count(own), count(shared))
        )
        pair = PairSeen(read.pair, PAIR_OPEN, case.day) if missing is None else None
    else:
        age, state = (0, PAIR_OPEN) if missing is None else (MISS_AGE, PAIR_MISSED)
        seats, line, place = 1, count(case.line, seats=1, age=age), take(place, age=age)
        pair = PairSeen(read.pair, state, case.day - age)
    decision: Decision
    if missing is not None:
        decision, outcome = StepUp(missing, precise=case.present and missing is not Outcome.CLOSED), missing
    elif read.distant is not None:
        decision, outcome = AskInsurer(shown_by(case.ask.act)), Outcome.ASKED
    else:
        decision, outcome = _release(case.ask.act), Outcome.RELEASED
    return Verdict(decision, outcome, line, pair, place, seats, declared)


def _seated(case: Case) -> tuple[Line, PairSeen]:
    """The line and the pair after an ask that draws no seat."""
    read = case.read
    if case.present:
        # A pair that holds a seat keeps it until the proof, noted in this transaction, has given it back.
        holds = read.pair_state in HOLD_SEATS and case.day - read.pair_day < SEAT_DAYS
        state, since = (read.pair_state, read.pair_day) if holds else (PAIR_PROVED, case.day)
        return count(case.line), PairSeen(read.pair, state, since)
    uncounted = not case.known or case.counted or case.ask.presence is _DECLARED
    line = count(case.line, known=0 if uncounted else 1)
    return line, PairSeen(read.pair, read.pair_state, read.pair_day)


@cache
def _release(act: Act) -> Release:
    return Release(shown_by(act))


def _what_is_missing(read: Read) -> Outcome | None:
    """Why nothing can be shown of whoever was looked up, or None when one insurer's period answers.

    A closed insurer is no other case: its people hold their seats as long as a miss does, or the count of seats would
    tell days later who they are. Whom an insurer keeps itself is never missing here: her seat, of thirty days, is
    taken before it is asked, and what it answers changes nothing of it.
    """
    if read.distant is not None:
        return Outcome.CLOSED if read.closed == Level.INSURER else None
    if read.person == 0:
        return Outcome.UNKNOWN
    if read.standing is not Standing.COVERED:
        return MISSES[read.standing]
    if not read.insurer:
        return Outcome.NOT_COVERED
    return Outcome.CLOSED if read.closed == Level.INSURER else None


def settle_claim(ask: Ask, read: Read, looked_up: int) -> tuple[Ask, Read]:
    """Join an ask's claim with what the database said of it (`presence.use`).

    Nothing but the card's own digest tells of the person: a card that does not name whoever was asked for says so,
    whether that person exists or not, and only then is it said that its key is not one of her insurers'.
    """
    claim = ask.claim
    if claim is None:
        return ask, read
    unproved = None
    if looked_up in UNPROVED:
        unproved = Outcome(looked_up)
    elif not claim.names(read.person):
        unproved = Outcome.PROOF_OF_ANOTHER
    elif looked_up:
        unproved = Outcome.PROOF_REFUSED
    if unproved is None:
        return ask, read
    return replace(ask, presence=Presence.NONE), replace(read, unproved=unproved)


def evidence_of(line: Line) -> Evidence:
    """The evidence level written with an entry, from the line's refusals of the day."""
    if line.refused >= HOLD_REFUSED:
        return Evidence.STRONG
    return Evidence.WATCHED if line.refused >= EVIDENCE_WATCHED else Evidence.NONE


def counted_by(ask: Ask, read: Read, day: int) -> int:
    """The line on which a person who is shown now counts as seen today; 0 for none.

    A known person whose card was read did not count, so one more ask about her without it still will.
    """
    line = ask.caller.line
    if ask.presence is not Presence.DECLARED or not is_known(read, day):
        return line
    return line if was_told(read, line, day) else 0


def seen(read: Read, pair: PairSeen, day: int, line: int) -> Read:
    """What the next ask of the same batch must read of this pair."""
    return replace(read, pair=pair.key, pair_state=pair.state, pair_day=pair.day, seen_day=day, seen_line=line)
