"""One login on one device, asked for one question after another by the gate's own rules.

A post holds what the database would: its lines of seats, its evidence, the rung it stands on. Every first-time ask
goes through `gate.rules.decide`; known people, who change nothing but two counts and the evidence, come in numbers
(lab/arena/twin.py), and a property test holds the two equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final, NamedTuple
from uuid import UUID

from tierce.gate.model import Ask, DeclaredLines, Read, Standing
from tierce.gate.rules import LOOKED_UP, PAIR_OPEN, PAIR_PROVED, decide, says_nothing
from tierce.identity.model import Assurance, Caller
from tierce.kernel.care import Profession
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    LineId,
    LoginId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.lab.arena.commons import Commons
from tierce.lab.arena.parts import ALL, Parts, checks_of
from tierce.lab.arena.place import Place, ample
from tierce.lab.arena.twin import declared_asks, observe_known, prove_all, spent
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.allowed import DOMAINS
from tierce.policy.evidence import (
    DECOYS_HOLD,
    MONTH_DAYS,
    Observation,
    State,
    begin,
    observe,
    released,
    rung_of,
    trap,
)
from tierce.policy.evidence import (
    roll as roll_evidence,
)
from tierce.policy.ladder import Rung
from tierce.policy.lines import declared_misses
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    PROBATION_DAYS,
    PROBATION_PROOFS,
    SEATS,
    Line,
    limit_of,
    new_line,
    roll,
)
from tierce.watch.rules import MISSES

_WEIGHED: Final = LOOKED_UP | {Outcome.RELEASED, Outcome.OUT_OF_SEATS}
"""Outcomes that the tests look at."""
OFTEN: Final = 100
"""People met of each usual area, at a place of long standing."""


class Asked(NamedTuple):
    """One question about one person, as the world knows her."""

    found: bool = True
    """The register knows her, and she is covered."""
    known: bool = False
    """She is known at the place: her presence was proved within 24 months, unless `opened`."""
    opened: bool = False
    """Known by an ask of the last thirty days alone, which nothing has proved since."""
    present: bool = False
    """She proves her presence to us."""
    card: bool = False
    """Certified software declares a reading of her card."""
    signed: bool = True
    area: int = 0
    prefix: int = 0
    again: bool = False
    """This line showed her today already."""
    twin: bool = False
    """The number of a person but for the sex."""
    ended: bool = False
    """Not found, and her contract here ended: the register says so."""


class Post:
    """A login-device, rolled forward by whoever asks; days never go back."""

    __slots__ = (
        "_asks", "_checks", "_pending", "_reads", "commons", "declared", "evidence", "held", "lag",
        "line", "parts", "place", "profession", "rung", "since",
    )  # fmt: skip

    def __init__(
        self, profession: Profession, day: int, parts: Parts = ALL, commons: Commons | None = None,
        place: Place | None = None,
    ) -> None:  # fmt: skip
        """A device never seen, on `day`, at `place`, or where nobody else works.

        `commons` are the lines that it shares with all who use the same software, brought to the day.
        """
        self.profession = profession
        self.commons = commons
        self.place = Place(profession, 1, day) if place is None else place
        self.parts = parts
        self.line: Line = new_line(profession, day)
        self.declared: Line = replace(_settled(self.line), limit=DECLARED[profession].a)
        if not parts.probation:
            self.line = _settled(self.line)
        self.evidence: State = begin(profession, day)
        self.rung = Rung.NONE
        self.since = day
        """The day on which it was put there; a rung that asks for proofs stands for that day at least."""
        self.held = False
        """Held until a human looks."""
        self.lag = 0
        """Asks that still pass before a new rung is in force."""
        self._pending: tuple[int, Rung] | None = None
        self._checks = checks_of(parts)
        self._asks = _asks_of(profession)
        self._reads: dict[tuple[bool, bool, Rung], Read] = {}

    def settle(self, day: int, freed_a_week: tuple[float, float], unproved: tuple[list[int], list[int]]) -> None:
        """Make it a device of long standing: its usual proofs a week, and places still open, on both lines."""
        lines = []
        for line, constants, freed, seats in zip(
            (self.line, self.declared), (SEATS[self.profession], DECLARED[self.profession]), freed_a_week, unproved,
            strict=True,
        ):  # fmt: skip
            freed_256 = int(freed * 256)
            lines.append(
                replace(
                    _settled(line),
                    day=day,
                    weeks=60,
                    freed_256=freed_256,
                    limit=limit_of(constants, freed_256),
                    seats=tuple(seats),
                )
            )
        self.line, self.declared = lines
        self.evidence = self.evidence._replace(year=day - 180)

    def remember(self, areas: tuple[int, ...], asked: int, seen: tuple[int, ...], days: int) -> None:
        """Say where most of the place's people were born, and what the month that ends today was made of.

        `asked` counts asks without a card, `seen` the signs among them by Indicator, `days` those with any.
        """
        state = self.evidence
        month = state._replace(
            areas=tuple((area, OFTEN) for area in areas), month=state.day + 1 - MONTH_DAYS, events=asked, seen=seen,
            days=days,
        )  # fmt: skip
        self.evidence = roll_evidence(month, state.day + 1)._replace(day=state.day)

    def roll(self, day: int) -> None:
        """Bring its lines and those of its place to `day`."""
        self.line = roll(self.line, SEATS[self.profession], day)
        self.declared = roll(self.declared, DECLARED[self.profession], day)
        self.place.roll(day)

    def spent(self, attempts: int, known: int) -> None:
        """Say what the twin counted on the rolled line today."""
        self.line = spent(self.line, attempts, known)

    def release(self, day: int) -> None:
        """A human looked and lifted the hold: the evidence is spent, the caps stay."""
        self.held, self.rung, self._pending = False, Rung.NONE, None
        self.evidence = released(self.evidence, day)

    def ask(self, day: int, one: Asked) -> Outcome:
        """Decide one question by the gate's rules; lines, evidence and rung follow."""
        card = one.card and self.parts.declared
        presence = Presence.VERIFIED if one.present else Presence.DECLARED if card else Presence.NONE
        ask, read = self._asks[presence, one.signed], self._read(one, day)
        place, commons = self.place, self.commons
        verdict = decide(
            ask,
            read,
            self.line,
            day,
            place.line,
            place.desks,
            declared=DeclaredLines(self.declared, self._declared_there(day)),
            common=commons is None or one.known or one.present or commons.room(),
            checks=self._checks,
        )
        place.line = verdict.place
        if verdict.seats and commons is not None:
            commons.took()
        if self._pending is not None:
            self._wait()
        self.line = verdict.line
        if verdict.declared is not None:
            self._read_card(verdict.declared)
        outcome = verdict.outcome
        if presence is Presence.NONE and outcome in _WEIGHED and not says_nothing(read, ask.caller.line, day):
            self._watch(day, one, outcome)
        return outcome

    def declared_asks(self, found: int, missed: int) -> tuple[int, int]:
        """Let the twin decide declared readings of people never seen, on rolled lines; says how many of each passed.

        The rest are to be asked one by one: something stops them, or sends them to the other line.
        """
        if self.rung >= Rung.STEP_UP or self._pending is not None or not self.parts.declared:
            return 0, 0
        limits, who = DAY_LIMITS[self.profession], self.profession
        most = limits.attempts, limits.declared_misses, declared_misses(who, self.place.desks)
        there = DeclaredLines(self.declared, self._declared_there(self.line.day))
        told = declared_asks(self.line, there, found, missed, most)
        self.line = told.line
        self._read_card(told.lines)
        return told.found, told.missed

    def _declared_there(self, day: int) -> Line:
        """The establishment's declared line."""
        return self.place.declared if self.parts.declared_place else ample(self.profession, day)

    def _read_card(self, lines: DeclaredLines) -> None:
        """Keep what declared readings left of both declared lines."""
        self.declared = lines.own
        if self.parts.declared_place:
            self.place.declared = lines.place

    def known_asks(self, day: int, count: int) -> None:
        """Weigh `count` shown asks about known people; their counts are the twin's."""
        if self.parts.evidence and count:
            self.evidence = observe_known(self.evidence, day, count)
            if self.rung is not Rung.NONE and not self.held:
                self._stand_on(rung_of(self.evidence), day)

    def prove(self, drawn_days: Sequence[int], *, card: bool) -> None:
        """Invoices of people drawn on those days came (grade B); lines are rolled to today."""
        if card:
            self.declared = prove_all(self.declared, drawn_days)
        else:
            self.line = prove_all(self.line, drawn_days)
        self.place.prove(drawn_days, card=card)
        if self.commons is not None and not card:
            for drawn_day in drawn_days:
                self.commons.proved(drawn_day)

    def _read(self, one: Asked, day: int) -> Read:
        rung = self.rung
        if one.known:
            state = PAIR_OPEN if one.opened else PAIR_PROVED
            return _read(rung, found=one.found, state=state, day=day, seen=day if one.again else 0)
        key = (one.found, one.ended, rung)
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = _read(rung, found=one.found, state=0, day=0, seen=0, ended=one.ended)
        return read

    def _watch(self, day: int, one: Asked, outcome: Outcome) -> None:
        """Let the watch see the ask; what it decides is in force `lag` asks later."""
        found = Rung.NONE
        if self.parts.evidence:
            if one.twin and self.parts.twins and self.evidence.decoys < DECOYS_HOLD:
                self.evidence = trap(self.evidence)
            miss = outcome in MISSES
            seen = Observation(day, not (one.known or miss), miss, one.area, one.prefix)
            self.evidence, found = observe(self.evidence, seen)
        self._stand_on(found, day)

    def _stand_on(self, found: Rung, day: int) -> None:
        if found is Rung.PRESENCE_ONLY and not self.held:
            self.held = True
        if self.held:
            found = Rung.PRESENCE_ONLY
        if found < self.rung and self.rung >= Rung.STEP_UP and self.since == day:
            return
        if found > self.rung:
            self.since = day
        if found <= self.rung or not self.lag:
            self.rung = found
        elif self._pending is None or self._pending[1] < found:
            self._pending = (self.lag, found)

    def _wait(self) -> None:
        """One more ask passed while a rung was on its way."""
        if self._pending is not None:
            left, rung = self._pending
            self._pending = (left - 1, rung) if left > 1 else None
            if left <= 1:
                self.rung = rung


def _settled(line: Line) -> Line:
    """The same line, out of probation."""
    return replace(line, since=line.day - PROBATION_DAYS, proofs=PROBATION_PROOFS)


@cache
def _asks_of(profession: Profession) -> Mapping[tuple[Presence, bool], Ask]:
    """Every ask there is, by presence and by whether it is signed: who is asked about stands in what is read."""
    return {
        (presence, signed): _ask(profession, presence, signed=signed)
        for presence in (Presence.NONE, Presence.DECLARED, Presence.VERIFIED)
        for signed in (True, False)
    }


def _ask(profession: Profession, presence: Presence, *, signed: bool) -> Ask:
    caller = Caller(
        professional=ProfessionalId(1), login=LoginId(1), establishment=EstablishmentId(1), activity=ActivityId(1),
        profession=profession, software=SoftwareId(1), vendor=VendorId(1), session=SessionId(1), device=DeviceId(1),
        line=LineId(1), assurance=Assurance(2, signed), network=bytes(16),
    )  # fmt: skip
    return Ask(
        caller=caller, act=Act.RIGHTS_ASK, domain=DOMAINS[profession][0], care_day=0, person=UUID(int=1), pair=1,
        engagement=None, once=None, presence=presence,
    )  # fmt: skip


def _read(rung: Rung, *, found: bool, state: int, day: int, seen: int, ended: bool = False) -> Read:
    standing = Standing.COVERED if found else Standing.ENDED if ended else Standing.NONE
    return Read(
        live=True, fresh=True, rung=rung, person=PersonId(1 if found or ended else 0),
        insurer=InsurerId(1 if found else 0), until_day=1 << 20, pair=1, pair_state=state, pair_day=day,
        seen_day=seen, seen_line=1 if seen else 0, from_day=0, standing=standing, others=False, engaged_until=0,
    )  # fmt: skip
