"""Evidence against one (login, device): sequential tests over what it asks without proof of presence.

Each indicator of an unproven ask is bet against a cap that was fixed before the ask. While the true rate stays at
or below the cap, what the bets are worth is a non-negative supermartingale that starts at 1 a year, so by Ville's
inequality it reaches 1 / ALPHA in a year with probability ALPHA at most: whatever the dependence between asks,
however often one looks (docs/adr/0031). Nothing here is a bound of what is learned: seats are (policy/seats.py).

    R[i, l]  = (R[i, l] + 1/366 on the first ask of a day) * (1 + l (1 - p) / p  if seen, else 1 - l)
    V        = (V + 1/366) * exp(t X) (1 - (mu / r)(e^t - 1))^r        X: unfamiliar people of the day
    worth    = mean over the bets and the volume, V counting as CROWD_PARTS of them; begun again once a year

No bet needs another's cap: each has a mean of 1 at most while its own indicator's rate, given what was asked before,
is at or below its own cap (docs/adr/0054). Whether an indicator is bet on at all is settled before what it looks at.

Caps follow the login-device's own lagged history, never above the profession's and by at most a tenth in 28 days. A
human who lifts a hold raises those of unfamiliar people, within bounds (docs/adr/0046).
Accusations (a person's report, another operator's alert) multiply what the asks themselves are worth, by ACCUSED_MAX
at most: nobody is held by accusation alone. Pure; days are civil days in Paris since 1970-01-01.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import chain
from typing import NamedTuple

from tierce.kernel.care import Profession
from tierce.policy.ladder import Rung
from tierce.policy.seats import UNCOUNTED

OBSERVE_AT = 20
STEP_UP_AT = 200
HOLD_AT = 1_000
"""What the evidence must be worth for each rung; HOLD_AT is 1 / ALPHA."""
ALPHA = 1 / HOLD_AT
"""False holds a year and login-device at most, while its rates stay below their caps."""
YEAR_DAYS = 366
MONTH_DAYS = 28
MONTH_EVENTS = 20
"""Asks of a month below which its history says too little to move a cap."""
GROWTH_PERCENT = 110
"""A cap grows to at most this share of what it was, a month."""
LIFT_PERCENT = 150
"""A lift raises the caps of unfamiliar people to at most this share of what they were."""
LIFTED_TOP = 2
"""Lifts raise such a cap to at most so many times its profession's; a share to SHARE_MAX at most."""
SHARE_MAX = 252
ACCUSED_MAX = 20
"""By how much accusations multiply at most; the promise for who is accused is then ACCUSED_MAX * ALPHA."""
ACCUSED_DAYS = 30
DECOYS_HOLD = 2
"""Distinct decoys asked for at which a device is held; one asks for proofs."""
PREFIXES = 8
AREAS = 4
DISPERSION = 6
"""`r` of the volume test: days of one desk are at least as regular as a negative binomial of this size."""


class Indicator(IntEnum):
    """What is looked at in an unproven ask."""

    UNFAMILIAR = 0
    """A miss, a person never seen here, or an ask refused for want of a place."""
    MISS = 1
    """Well-formed identifiers that the register does not know, or that are not covered."""
    AREA = 2
    """Of an unfamiliar person: born where none of this device's usual people are."""
    PREFIX = 3
    """Of an unfamiliar person: the identifiers begin like one of the last unfamiliar ones."""
    ELSEWHERE = 4
    """Of any ask, once usual places are known: an unfamiliar person, born where none of the usual people are."""


BETS: tuple[tuple[float, ...], ...] = ((0.25, 0.5, 0.8), (0.25, 0.5, 0.8), (0.5, 0.8), (0.5, 0.8), (0.5, 0.9))
"""By Indicator, the parts `l` of a stake that are risked on it, each a bet of its own."""
CELLS = sum(map(len, BETS))
CROWD_PARTS = 3
"""Parts of the whole that the volume counts for."""
COUNTED = 4
"""Indicators counted in a month; ELSEWHERE is seen exactly when AREA is."""
COUNT_MAX = 255
_PACK = struct.Struct(f">BBHHH{len(BETS)}BHH{COUNTED}HBHBHB{AREAS * 2}B{PREFIXES}H{CELLS}ff")
STATE_BYTES = _PACK.size
_STATE_VERSION = 2
_PACK_1 = struct.Struct(f">BBHHH4BHH4HBHBHB{AREAS * 2}B{PREFIXES}H12ff")
_KEPT_OF_1 = (0, 1, 2, 3, 4, 5, 7, 8, 10, 11)
"""Bets of version 1, three an indicator, that version 2 goes on with; what was in the others is lost."""
_SHORT_MAX = 0xFFFF
_FLOAT_MAX = 1e30
FACTORS: tuple[tuple[Mapping[bool | None, tuple[float, ...]], ...], ...] = tuple(
    tuple(
        {
            None: (1.0,) * len(bets),
            False: tuple(1 - bet for bet in bets),
            True: tuple(1 + bet * (256 - share) / max(1, share) for bet in bets),
        }
        for share in range(257)
    )
    for bets in BETS
)
"""What a bet is multiplied by, by indicator, share, and whether the indicator was seen (None: not defined)."""


@dataclass(frozen=True, slots=True)
class Caps:
    """A profession's caps: shares in 1/256 by Indicator, and unfamiliar people a day in 1/16."""

    shares: tuple[int, int, int, int, int]
    volume: int


CAPS: Mapping[Profession, Caps] = {
    Profession.GP: Caps((115, 64, 205, 13, 92), 256),
    Profession.SPECIALIST: Caps((154, 64, 218, 13, 131), 192),
    Profession.PHARMACY: Caps((179, 77, 218, 13, 152), 600),
    Profession.DENTIST: Caps((205, 64, 205, 13, 164), 192),
    Profession.NURSE: Caps((179, 64, 205, 13, 143), 128),
    Profession.PHYSIO: Caps((205, 64, 205, 13, 164), 160),
    Profession.MIDWIFE: Caps((115, 64, 218, 26, 97), 80),
    Profession.OPTICIAN: Caps((252, 77, 218, 13, 214), 160),
    Profession.AUDIO: Caps((252, 77, 218, 13, 214), 160),
    Profession.LABORATORY: Caps((179, 77, 218, 13, 152), 600),
    Profession.RADIOLOGY: Caps((179, 77, 218, 13, 152), 600),
    Profession.HOSPITAL: Caps((230, 90, 230, 13, 206), 2_000),
    Profession.TRANSPORT: Caps((154, 64, 218, 13, 131), 192),
    **dict.fromkeys(UNCOUNTED, Caps((115, 64, 205, 13, 92), 80)),
}
"""Where caps start and how far they may go: above the widest of three hundred desks of assumed habits, January and
summer included; of people from elsewhere, all that the caps of unfamiliar people and of their places allow together:
towns differ more than a laboratory can assume. Each device's own months bring them down to what it does. They are
assumptions, to be replaced by an operator's own counts; the promise holds for whoever stays below."""
FLOOR_SHARES = (26, 20, 90, 8, 10)
FLOOR_VOLUME = 24
"""No history lowers a cap below these: a quiet month must not make the next ordinary one look like a theft."""


HINT_FIRST = 1 << 24
"""Bit of a hint: the ask opened or proved a pair not known before; bits 16 to 23 are the area, 0 to 15 the prefix."""
HINT_AGAIN = 1 << 25
"""Bit of a hint: one more ask about somebody of whom this line was told today already, or whom only an unproved ask
made known. It is no sign of a real practice, and no observation at all: else whoever has one hit, and repeats it,
would wear down what the evidence is worth for nothing."""


def hint_of(area: int, prefix: int) -> int:
    """Pack what the watch may know of the identifiers of one ask: keyed numbers, folded to 1..255 and 1..65535."""
    return (1 + area % 255) << 16 | (1 + prefix % 65_535)


class Observation(NamedTuple):
    """One ask without proof of presence, as the journal and its trace tell it.

    `area` (1..255) and `prefix` (1..65535) are keyed forms of a part of the identifiers, 0 when there is none.
    """

    day: int
    first: bool
    """A person never seen here was shown, or the ask was refused for want of a place."""
    miss: bool = False
    area: int = 0
    prefix: int = 0


class State(NamedTuple):
    """Evidence against one line (login, device, profession)."""

    profession: Profession
    day: int
    """The last day on which something was seen; weights of the year are paid by such days."""
    year: int
    """The day on which the running year began."""
    month: int
    shares: tuple[int, ...]
    volume: int
    events: int = 0
    """Asks of the running month, from which the next caps are made."""
    seen: tuple[int, ...] = (0,) * COUNTED
    days: int = 0
    today: int = 0
    """Unfamiliar people of the day."""
    bets: tuple[float, ...] = (0.0,) * CELLS
    crowd: float = 0.0
    """The volume test up to the day before."""
    prefixes: tuple[int, ...] = ()
    areas: tuple[tuple[int, int], ...] = ()
    """(area, count) of known and proved people: the frequent ones survive."""
    accusers: int = 0
    accused: int = 0
    """The day of the last accusation."""
    decoys: int = 0


def begin(profession: Profession, day: int, anniversary: int = 0) -> State:
    """The state of a login-device never seen; its year turns `anniversary` days (0..365) before this one."""
    caps = CAPS[profession]
    return State(profession, day - 1, day - anniversary % YEAR_DAYS, day, caps.shares, caps.volume)


def observe(state: State, one: Observation) -> tuple[State, Rung]:
    """Add one unproven ask; returns the state and the rung that the evidence now asks for."""
    opened = roll(state, one.day) if one.day > state.day else state
    weight = 0.0 if opened.day == state.day else 1 / YEAR_DAYS
    (profession, day, year, month, shares, volume, events, seen, days, today, before, crowd, prefixes, areas,
     accusers, accused, decoys) = opened  # fmt: skip
    signs = signs_of(opened, one)
    by = chain.from_iterable([of[share][sign] for of, share, sign in zip(FACTORS, shares, signs, strict=True)])
    bets = [(bet + weight) * factor for bet, factor in zip(before, by, strict=True)]
    unfamiliar, missed, area, alike, _ = signs
    moved = State(
        profession, day, year, month, shares, volume, events + 1,
        (seen[0] + (unfamiliar is True), seen[1] + (missed is True), seen[2] + (area is True),
         seen[3] + (alike is True)),
        days + (weight > 0), today + one.first, tuple(bets), crowd + weight,
        (*prefixes, one.prefix)[-PREFIXES:] if unfamiliar and one.prefix else prefixes,
        areas if unfamiliar else _frequent(areas, one.area), accusers, accused, decoys,
    )  # fmt: skip
    return moved, rung_of(moved)


def met(state: State, area: int) -> State:
    """Learn where a person whose presence was proved was born; a proof is evidence of nothing else."""
    return state._replace(areas=_frequent(state.areas, area))


def accuse(state: State, day: int) -> State:
    """Count one more accusation; they end ACCUSED_DAYS after the last."""
    before = state.accusers if day - state.accused <= ACCUSED_DAYS else 0
    return state._replace(accusers=min(COUNT_MAX, before + 1), accused=day)


def excuse(state: State) -> State:
    """Take one accusation back; the others stay, for as long as the last of them would have."""
    return state._replace(accusers=max(0, state.accusers - 1))


def trap(state: State) -> State:
    """Count one more distinct decoy that was asked for."""
    return state._replace(decoys=min(COUNT_MAX, state.decoys + 1))


def released(state: State, day: int) -> State:
    """Begin again after a human lifted what the watch had put there: the evidence is spent.

    A human can vouch for it that a desk meets many new people, or many from elsewhere, and the cap that said
    otherwise rises to what it saw, by half as much again at most, and never above LIFTED_TOP times the profession's.
    Months bring it down as they do others, and only another lift raises it further. Nobody vouches for misses, for
    places of birth among new people, or for beginnings: those caps stay.

    The day of the lift is the first of a year that begins, and opens once more: what is asked after it, and before
    midnight, is weighed as on any other day.
    """
    said, crowded = _said(state)
    most, shares, volume = CAPS[state.profession], list(state.shares), state.volume
    for indicator in (Indicator.UNFAMILIAR, Indicator.ELSEWHERE):
        bets = _bets_on(state, indicator)
        if sum(bets) > len(bets):
            top = min(SHARE_MAX, LIFTED_TOP * most.shares[indicator])
            shares[indicator] = _lifted(shares[indicator], top, said[indicator])
    if state.crowd * _crowd_factor(state.today, volume) > 1:
        volume = _lifted(volume, LIFTED_TOP * most.volume, crowded)
    opened = min(state.day, day - 1)
    return state._replace(
        day=opened, year=day, days=max(0, state.days - (opened < state.day)), shares=tuple(shares),
        volume=volume, bets=(0.0,) * CELLS, crowd=0.0, today=0, accusers=0, decoys=0, prefixes=(),
    )  # fmt: skip


def worth(state: State) -> float:
    """What the asks themselves are worth: a test martingale of the year."""
    crowd = state.crowd * _crowd_factor(state.today, state.volume)
    return (sum(state.bets) + CROWD_PARTS * crowd) / (CELLS + CROWD_PARTS)


def weight_of(state: State) -> int:
    """By how much accusations multiply: doubled by each, ACCUSED_MAX at most, 1 when there is none in force."""
    if state.accusers == 0 or state.day - state.accused > ACCUSED_DAYS:
        return 1
    return min(ACCUSED_MAX, 1 << min(state.accusers, 8))


def rung_of(state: State) -> Rung:
    """The rung that the evidence asks for; an accusation alone asks for a closer look and nothing more."""
    weight = weight_of(state)
    value = worth(state) * weight
    if value < OBSERVE_AT and weight == 1 and not state.decoys:
        return Rung.NONE
    if value >= HOLD_AT or state.decoys >= DECOYS_HOLD:
        return Rung.PRESENCE_ONLY
    return Rung.STEP_UP if value >= STEP_UP_AT or state.decoys else Rung.OBSERVED


def signs_of(state: State, one: Observation) -> tuple[bool, bool, bool | None, bool | None, bool | None]:
    """Each Indicator of an ask; None where it is not defined, and then nothing is bet on it."""
    unfamiliar = one.first or one.miss
    area = prefix = None
    usual = len(state.areas) == AREAS
    if unfamiliar:
        if one.area and usual:
            area = one.area not in dict(state.areas)
        if one.prefix and state.prefixes:
            prefix = one.prefix in state.prefixes
    # Whether anything is bet on ELSEWHERE is known before the ask: unfamiliar people without an area count as near.
    return unfamiliar, one.miss, area, prefix, area is True if usual else None


def roll(state: State, day: int) -> State:
    """Bring the state to `day`: close the day, the month's caps, the year; an earlier day changes nothing."""
    if day <= state.day:
        return state
    crowd = state.crowd * _crowd_factor(state.today, state.volume)
    moved = State(
        state.profession, day, state.year, state.month, state.shares, state.volume, state.events, state.seen,
        state.days, 0, state.bets, crowd, state.prefixes, state.areas, state.accusers, state.accused, state.decoys,
    )  # fmt: skip
    if day - moved.month >= MONTH_DAYS:
        moved = _next_caps(moved, day)
    if day - moved.year >= YEAR_DAYS:
        turned = moved.year + (day - moved.year) // YEAR_DAYS * YEAR_DAYS
        moved = moved._replace(year=turned, bets=(0.0,) * CELLS, crowd=0.0)
    return moved


@cache
def _crowd_bet(volume: int) -> tuple[float, float]:
    """(tilt, factor of an empty day): the factor of X people is exp(tilt X) times the second."""
    mean = volume / 16
    tilt = min(0.6, math.log1p(DISPERSION / mean) / 2)
    return tilt, math.pow(1 - mean / DISPERSION * math.expm1(tilt), DISPERSION)


def _crowd_factor(today: int, volume: int) -> float:
    """Its mean is 1 at most when `today` is negative binomial of mean <= volume and size >= DISPERSION."""
    tilt, empty = _crowd_bet(volume)
    return math.exp(min(tilt * today, 600.0)) * empty


def _next_caps(state: State, day: int) -> State:
    """Caps of the next month: what the month that ended says, with room for chance, inside the profession's."""
    shares, volume, most = state.shares, state.volume, CAPS[state.profession]
    if state.events >= MONTH_EVENTS:
        said, crowded = _said(state)
        shares = tuple(
            _next(cap, floor, top, wanted)
            for cap, floor, top, wanted in zip(shares, FLOOR_SHARES, most.shares, said, strict=True)
        )
        volume = _next(volume, FLOOR_VOLUME, most.volume, crowded)
    return state._replace(month=day, shares=shares, volume=volume, events=0, seen=(0,) * COUNTED, days=0)


def _said(state: State) -> tuple[tuple[float, ...], float]:
    """What the running month says of the caps: of each share in 1/256, and of the volume in 1/16."""
    unfamiliar = max(1, state.seen[Indicator.UNFAMILIAR])
    events = max(1, state.events)
    seen = (*state.seen, state.seen[Indicator.AREA])
    asked = (events, events, unfamiliar, unfamiliar, events)
    firsts = max(0, state.seen[Indicator.UNFAMILIAR] - state.seen[Indicator.MISS])
    shares = tuple(256 * _with_chance(n) / of for n, of in zip(seen, asked, strict=True))
    return shares, 16 * _with_chance(firsts) / max(1, state.days)


def _with_chance(n: int) -> float:
    """A count with room for chance and for a busier month: two standard deviations, then half as much again."""
    return 1.5 * (n + 2 * math.sqrt(n + 1) + 1)


def _next(cap: int, floor: int, top: int, said: float) -> int:
    """The cap of the next month; one above its profession's, which a lift alone makes, falls and never grows."""
    grown = cap if cap > top else min(top, -(-cap * GROWTH_PERCENT // 100))
    return max(min(floor, top), min(math.ceil(said), grown))


def _bets_on(state: State, indicator: Indicator) -> tuple[float, ...]:
    """What the bets on one indicator are worth."""
    begins = sum(map(len, BETS[:indicator]))
    return state.bets[begins : begins + len(BETS[indicator])]


def _lifted(cap: int, top: int, said: float) -> int:
    """The cap after a lift: what was seen, within its bounds, and never less than it was."""
    return max(cap, min(top, math.ceil(said), cap * LIFT_PERCENT // 100))


def _frequent(areas: tuple[tuple[int, int], ...], area: int) -> tuple[tuple[int, int], ...]:
    """Count an area among the AREAS most frequent (after Misra and Gries): a newcomer wears the others down first."""
    if not area:
        return areas
    if any(area == known for known, _ in areas):
        return tuple((known, min(COUNT_MAX, n + 1) if known == area else n) for known, n in areas)
    if len(areas) < AREAS:
        return (*areas, (area, 1))
    for place, (_, n) in enumerate(areas):
        if n == 0:
            return (*areas[:place], (area, 1), *areas[place + 1 :])
    return tuple((known, n - 1) for known, n in areas)


def pack(state: State) -> bytes:
    """The stored form, STATE_BYTES long; counts too large for their field stay at the largest."""
    areas = [each for pair in state.areas for each in pair]
    return _PACK.pack(
        _STATE_VERSION, state.profession, state.day, state.year, state.month, *state.shares, state.volume,
        min(_SHORT_MAX, state.events), *(min(_SHORT_MAX, n) for n in state.seen), min(COUNT_MAX, state.days),
        min(_SHORT_MAX, state.today), state.accusers, state.accused, state.decoys,
        *areas, *(0,) * (2 * AREAS - len(areas)),
        *state.prefixes, *(0,) * (PREFIXES - len(state.prefixes)),
        *(min(_FLOAT_MAX, bet) for bet in state.bets), min(_FLOAT_MAX, state.crowd),
    )  # fmt: skip


def unpack(stored: bytes) -> State:
    """Read a stored state, of version 1 too; another one raises ValueError.

    What version 1 did not bet on begins at nothing, under its profession's cap, and each bet it shares with version 2
    has the weight that it had: a year that goes through both is worth no more than either.
    """
    version = stored[0]
    if version not in {1, _STATE_VERSION}:
        msg = f"evidence of version {version}: this release reads versions 1 and {_STATE_VERSION}"
        raise ValueError(msg)
    _, profession, day, year, month, *rest = (_PACK if version == _STATE_VERSION else _PACK_1).unpack(stored)
    if version == 1:
        rest.insert(COUNTED, CAPS[Profession(profession)].shares[Indicator.ELSEWHERE])
        *rest, crowd = rest
        before = rest[-12:]
        kept = [before[place] for place in _KEPT_OF_1]
        rest = [*rest[:-12], *kept, *(0.0,) * (CELLS - len(kept)), crowd]
    ends = len(BETS)
    shares, (volume, events), rest = rest[:ends], rest[ends : ends + 2], rest[ends + 2 :]
    seen, rest = rest[:COUNTED], rest[COUNTED:]
    days, today, accusers, accused, decoys, *rest = rest
    areas, prefixes, floats = rest[: 2 * AREAS], rest[2 * AREAS : 2 * AREAS + PREFIXES], rest[2 * AREAS + PREFIXES :]
    return State(
        Profession(profession), day, year, month, tuple(shares), volume, events, tuple(seen), days, today,
        tuple(floats[:CELLS]), floats[CELLS], tuple(each for each in prefixes if each),
        tuple((area, n) for area, n in zip(areas[::2], areas[1::2], strict=True) if area),
        accusers, accused, decoys,
    )  # fmt: skip
