"""Hypothesis strategies for what the gate decides on: asks, what was read, and lines of seats."""

from uuid import UUID

from hypothesis import strategies as st

from tierce.gate.model import Ask, Read, Standing
from tierce.identity.model import Assurance, Caller
from tierce.kernel.care import Domain, Profession
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EntrySeq,
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
from tierce.policy.acts import Act, Presence
from tierce.policy.allowed import DOMAINS
from tierce.policy.seats import DAY_LIMITS, SEAT_DAYS, SEATS, Line, cap_of

TODAY = 20_003
"""A Monday."""
LINES = (1, 2, 3)


def caller(profession: Profession = Profession.GP, *, line: int = 1, level: int = 2, signed: bool = True) -> Caller:
    """A professional on one of the test's lines."""
    return Caller(
        professional=ProfessionalId(10 + line), login=LoginId(20 + line), establishment=EstablishmentId(30 + line),
        activity=ActivityId(1), profession=profession, software=SoftwareId(1), vendor=VendorId(1),
        session=SessionId(40 + line), device=DeviceId(50 + line), line=LineId(line),
        assurance=Assurance(level, signed), network=bytes(16),
    )  # fmt: skip


def domain_of(profession: Profession) -> Domain:
    """One domain that the profession may ask about."""
    return DOMAINS[profession][0]


def ask_of(
    who: Caller, *, pair: int = 1, domain: Domain | None = None, act: Act = Act.RIGHTS_ASK,
    presence: Presence = Presence.NONE,
) -> Ask:  # fmt: skip
    """An ask about the person behind a pair number."""
    return Ask(
        caller=who, act=act, domain=domain or domain_of(who.profession), care_day=TODAY, person=UUID(int=pair),
        pair=pair, engagement=EntrySeq(7) if act is Act.RIGHTS_REVISIT else None, once=None, presence=presence,
    )  # fmt: skip


def read_of(
    *, pair: int = 1, person: int = 5, insurer: int = 1, state: int = 0, day: int = 0, rung: int = 0,
    live: bool = True, fresh: bool = True, seen_day: int = 0, seen_line: int = 0, standing: Standing | None = None,
    others: bool = False,
) -> Read:  # fmt: skip
    """What the database knew."""
    return Read(
        live=live, fresh=fresh, rung=rung, person=PersonId(person), insurer=InsurerId(insurer), until_day=30_000,
        pair=pair, pair_state=state, pair_day=day, seen_day=seen_day, seen_line=seen_line, from_day=10_000,
        standing=standing or (Standing.COVERED if insurer else Standing.NONE), others=others, engaged_until=0,
    )  # fmt: skip


def line_of(profession: Profession, **counts: int) -> Line:
    """An empty line out of probation, with some counts set."""
    numbers = {"today": 0, "attempts": 0, "known": 0, "refused": 0} | counts
    return Line(
        day=TODAY, since=TODAY - 100, limit=SEATS[profession].a, weeks=9, freed_256=0, freed_week=0,
        today=numbers["today"], attempts=numbers["attempts"], known=numbers["known"], refused=numbers["refused"],
        seats=(0,) * SEAT_DAYS, proofs=1,
    )  # fmt: skip


professions = st.sampled_from(Profession)


@st.composite
def asks(draw: st.DrawFn, profession: Profession | None = None) -> Ask:
    """Any ask: allowed or not, signed or not, present or not."""
    who = profession or draw(professions)
    domain = draw(st.one_of(st.just(domain_of(who)), st.sampled_from(Domain)))
    act = draw(st.sampled_from([Act.RIGHTS_ASK, Act.RIGHTS_ASK, Act.RIGHTS_REVISIT, Act.STAFF_LIVE]))
    asker = caller(who, level=draw(st.sampled_from([0, 1, 2, 3])), signed=draw(st.booleans()))
    return ask_of(asker, domain=domain, act=act, presence=draw(st.sampled_from([Presence.NONE, *Presence])))


@st.composite
def reads(draw: st.DrawFn) -> Read:
    """Anything that the database may have known."""
    return read_of(
        person=draw(st.sampled_from([0, 5])),
        insurer=draw(st.sampled_from([0, 1])),
        state=draw(st.sampled_from([0, 1, 2])),
        day=TODAY - draw(st.sampled_from([0, 1, 29, 30, 31, 730, 731])),
        rung=draw(st.sampled_from([0, 0, 1, 2, 3, 4])),
        live=draw(st.sampled_from([True, True, True, False])),
        fresh=draw(st.sampled_from([True, True, True, False])),
        seen_day=TODAY - draw(st.sampled_from([0, 1])),
        seen_line=draw(st.sampled_from([1, 2])),
    )


@st.composite
def lines(draw: st.DrawFn, profession: Profession) -> Line:
    """A line of a profession, often at the edge of something."""
    limits, constants = DAY_LIMITS[profession], SEATS[profession]
    seats = [draw(st.sampled_from([0, 1, 2]))] * SEAT_DAYS
    return Line(
        day=TODAY - draw(st.sampled_from([0, 1, 7, 61])),
        since=TODAY - draw(st.sampled_from([0, 13, 14, 200])),
        limit=draw(st.integers(constants.a, constants.top)),
        today=draw(st.sampled_from([0, 2, cap_of(constants.a) - 1, cap_of(constants.top)])),
        attempts=draw(st.sampled_from([0, limits.attempts - 1, limits.attempts])),
        known=draw(st.sampled_from([0, 14, 15, limits.known - 1, limits.known])),
        weeks=draw(st.integers(0, 60)),
        freed_256=draw(st.integers(0, 5_000)),
        freed_week=draw(st.integers(0, 40)),
        refused=draw(st.integers(0, 20)),
        seats=tuple(seats),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Ask, Read, Line]:
    """An ask, what was read for it, and its line."""
    ask = draw(asks())
    return ask, draw(reads()), draw(lines(ask.caller.profession))
