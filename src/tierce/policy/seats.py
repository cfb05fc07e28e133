"""Seats: the rule that bounds what a stolen identity learns.

A seat is a first-time (establishment, person) pair, or a miss, disclosed without proof of presence. Proof gives
it back at once, age gives it back after 30 days, that of a miss after 10 (docs/adr/0053), and only proof of grade A
or B raises the limit; nothing is learned from unproven use (docs/adr/0002). A line of seats belongs to one (login,
device, profession). Days are civil days in Paris, counted since 1970-01-01.

    a seat is taken  <=>  open + w <= limit  and  today + w <= cap
    limit = min(top, a + b * freed per 4 weeks)     freed smoothed over 16 weeks, updated on Mondays
    cap   = min(limit, max(3, ceil(limit / 3)))
    new, dormant (> 60 days) or reset device: limit 5 for 14 days, and until presence was proved once

Lines of establishments, and those that many logins share, are in policy/lines.py.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tierce.kernel.care import Profession

SEAT_DAYS = 30
MISS_DAYS = 10
"""Days for which a miss holds its seat. Nobody ever proves a miss, so honest desks lost their seats to contracts that
had ended; and who is told that somebody is not covered has learned of no guarantee (docs/adr/0053)."""
MISS_AGE = SEAT_DAYS - MISS_DAYS
"""A miss draws its seat as if so many days ago: age gives it back in time, and a line knows one kind of seat."""
PROBATION_DAYS = 14
PROBATION_LIMIT = 5
PROBATION_PROOFS = 1
"""Proofs of grade A or B that end a probation whose days are over. Time alone would hand a stolen sign-in the seats
of a settled device after a fortnight; whoever works there has patients who turn up (docs/adr/0029)."""
PROBATION_KNOWN = 15
"""Known people a day on a new device: knowing a practice's patients must not open its file from a stolen sign-in. The
professions that see the same people often, at home, for exercises or for a course of treatment, have their own number
(DAY_LIMITS)."""
DORMANT_DAYS = 60
SMOOTHING_WEEKS = 16
CAP_FLOOR = 3
PROVED_DAYS = 730
"""A proved pair is remembered 24 months."""

_PACK = struct.Struct(">BBHIIIhHHHHHH30H")
_DECLARED_PACK = struct.Struct(">HHIIhB30BB")
_DECLARED_OLD = _DECLARED_PACK.size - 1
"""Bytes of a declared line written before its misses were counted."""
_STATE_VERSION = 2
_OWED = struct.Struct(">iihh")
_MONDAY = 4
"""The remainder by 7 of every Monday's day number: 1970-01-01 was a Thursday."""
_OWED_DECLARED = 5
_BYTE_MAX = 0xFF
_COUNT_MAX = 0xFFFF
_FREED_MAX = 0x7FFF


@dataclass(frozen=True, slots=True)
class SeatConstants:
    """Constants of a profession: base seats, share (per cent) of seats freed per 4 weeks, absolute top."""

    a: int
    b_percent: int
    top: int
    probation: bool = True
    """Whether a line that starts, or starts anew, is on probation; that of an establishment is not."""


UNCOUNTED = (Profession.SPEECH, Profession.ORTHOPTIST, Profession.PODIATRIST)
"""Professions of which nothing was measured and no habit is assumed: in each number that bounds a thief, they have
the lowest of all the others (docs/adr/0073); a test compares."""

SEATS: Mapping[Profession, SeatConstants] = {
    Profession.GP: SeatConstants(17, 200, 240),
    Profession.SPECIALIST: SeatConstants(38, 100, 240),
    Profession.PHARMACY: SeatConstants(11, 170, 480),
    Profession.DENTIST: SeatConstants(23, 250, 240),
    Profession.NURSE: SeatConstants(10, 150, 180),
    Profession.PHYSIO: SeatConstants(7, 200, 180),
    Profession.OPTICIAN: SeatConstants(80, 150, 420),
    Profession.AUDIO: SeatConstants(80, 150, 420),
    Profession.LABORATORY: SeatConstants(38, 100, 240),
    Profession.RADIOLOGY: SeatConstants(38, 100, 240),
    Profession.HOSPITAL: SeatConstants(250, 150, 2400),
    Profession.TRANSPORT: SeatConstants(14, 100, 90),
    Profession.MIDWIFE: SeatConstants(14, 100, 90),
    **dict.fromkeys(UNCOUNTED, SeatConstants(7, 100, 90)),
}
"""Fitted to the simulated country (docs/adr/0045, 0053, 0056): where most people are proved in the end, the limit
follows proofs by more than one for one, rather than have a larger base, for a thief proves nobody. Those of audio,
transport, laboratory, radiology and midwife, and every top, are set by analogy with the nearest one measured."""


DECLARED: Mapping[Profession, SeatConstants] = {
    Profession.GP: SeatConstants(6, 50, 110, probation=False),
    Profession.SPECIALIST: SeatConstants(16, 50, 230, probation=False),
    Profession.PHARMACY: SeatConstants(12, 33, 600, probation=False),
    Profession.DENTIST: SeatConstants(16, 50, 120, probation=False),
    Profession.NURSE: SeatConstants(6, 50, 100, probation=False),
    Profession.PHYSIO: SeatConstants(28, 50, 150, probation=False),
    Profession.OPTICIAN: SeatConstants(6, 50, 200, probation=False),
    Profession.AUDIO: SeatConstants(6, 50, 100, probation=False),
    Profession.LABORATORY: SeatConstants(36, 33, 765, probation=False),
    Profession.RADIOLOGY: SeatConstants(10, 50, 765, probation=False),
    Profession.HOSPITAL: SeatConstants(30, 100, 765, probation=False),
    Profession.TRANSPORT: SeatConstants(6, 50, 200, probation=False),
    Profession.MIDWIFE: SeatConstants(28, 50, 150, probation=False),
    **dict.fromkeys(UNCOUNTED, SeatConstants(6, 33, 100, probation=False)),
}
"""The second line of a login on a device: for asks whose card was read by certified software (grade C). It knows no
probation, for a sign-in relayed to another machine has no such software there; a miss takes none of its seats, but
has a number a day of its own (`declared_misses`). Its establishment has such a line too (docs/adr/0086); when either
line is used up, for seats or for misses, the ask falls back on the seats above.
Starting constants; those of specialist and midwife by analogy."""
DECLARED_MISSES_PERCENT = 20
"""Declared readings of a day that may find nobody, in per cent of the day's attempts."""


@dataclass(frozen=True, slots=True)
class DayLimits:
    """Daily limits of one line besides its seats."""

    attempts: int
    """Asks of any kind; counted first of all."""
    known: int
    """Distinct people of known pairs, asked about without presence or a card read."""
    known_on_probation: int = PROBATION_KNOWN
    """The same, on a device that is on probation."""

    @property
    def declared_misses(self) -> int:
        """Declared readings that may find nobody and take no seat; a line keeps their count in one byte."""
        return min(0xFF, self.attempts * DECLARED_MISSES_PERCENT // 100)


DAY_LIMITS: Mapping[Profession, DayLimits] = {
    Profession.GP: DayLimits(150, 75),
    Profession.SPECIALIST: DayLimits(150, 75),
    Profession.PHARMACY: DayLimits(900, 600),
    Profession.DENTIST: DayLimits(150, 75, 25),
    Profession.NURSE: DayLimits(150, 90, 30),
    Profession.PHYSIO: DayLimits(120, 60, 25),
    Profession.OPTICIAN: DayLimits(150, 60),
    Profession.AUDIO: DayLimits(80, 40),
    Profession.LABORATORY: DayLimits(600, 360),
    Profession.RADIOLOGY: DayLimits(300, 150),
    Profession.HOSPITAL: DayLimits(1500, 900),
    Profession.TRANSPORT: DayLimits(120, 60),
    Profession.MIDWIFE: DayLimits(100, 50),
    **dict.fromkeys(UNCOUNTED, DayLimits(80, 40)),
}
"""Three to four times a busy day of one desk, which is an assumption to be replaced by an operator's own counts."""


@dataclass(slots=True)
class Line:
    """The state of one line of seats, as stored in access.line.state (90 bytes).

    A value: nobody changes one that is made. It is not frozen because that takes three times as long to make, and two
    are made for each ask.

    `seats[d % 30]` counts the seats taken on day d and still unproved, and misses of MISS_AGE days later;
    `freed_256` is the smoothed number of proofs a week, in 1/256.
    """

    day: int
    since: int
    """Day on which the device was first seen, or came back after a long sleep: probation counts from here."""
    limit: int
    today: int
    """Units drawn today, proved since or not."""
    attempts: int
    """Asks of the day, of any kind; of a declared line, its misses of the day; of an establishment's own, none."""
    known: int
    """Distinct people of known pairs shown today without presence or a card read."""
    weeks: int
    freed_256: int
    freed_week: int
    """Proofs of grade A or B in the running week; below zero when more of earlier weeks were withdrawn."""
    refused: int
    """Asks refused a seat today."""
    seats: tuple[int, ...]
    proofs: int = 0
    """Seats of this line freed by grade A or B since `since`, as far as probation asks."""

    @property
    def open(self) -> int:
        """Seats taken and not yet free again."""
        return sum(self.seats)


def new_line(profession: Profession, day: int) -> Line:
    """The line of a device never seen: in probation, whatever the age of the login."""
    return Line(day, day, SEATS[profession].a, 0, 0, 0, 0, 0, 0, 0, (0,) * SEAT_DAYS)


def settled_line(profession: Profession, day: int) -> Line:
    """A line out of probation with its base seats, for those who make up a country."""
    return replace(new_line(profession, day), since=day - PROBATION_DAYS, proofs=PROBATION_PROOFS)


def limit_of(constants: SeatConstants, freed_256: int) -> int:
    """The limit that proofs give: a + b * freed per 4 weeks, at most top; all in integers."""
    return min(constants.top, constants.a + 4 * constants.b_percent * freed_256 // 25_600)


def on_probation(line: Line) -> bool:
    """Whether the line is on probation on its day."""
    return line.proofs < PROBATION_PROOFS or line.day < line.since + PROBATION_DAYS


def effective_limit(line: Line) -> int:
    """The limit in force on the line's day: 5 during probation."""
    return min(line.limit, PROBATION_LIMIT) if on_probation(line) else line.limit


def known_limit(line: Line, profession: Profession) -> int:
    """Distinct people of known pairs that a rolled line may show in its day without presence or a card read.

    Where certified software declares a reading, the day's attempts alone limit known people: whoever has no such
    software gains nothing by it, and a busy desk that reads every card is not stopped for being busy.
    """
    limits = DAY_LIMITS[profession]
    return limits.known_on_probation if on_probation(line) else limits.known


def cap_of(limit: int) -> int:
    """Seats that may be taken in one day."""
    third = -(-limit // 3)
    return third if third > CAP_FLOOR else min(limit, CAP_FLOOR)


def roll(line: Line, constants: SeatConstants, day: int) -> Line:
    """Bring a line forward to `day`; an earlier day leaves it as it is (a clock may not give seats back)."""
    if day <= line.day:
        return line
    if day - line.day > DORMANT_DAYS:
        return _asleep(line, constants, day)
    return _forward(line, constants, day)


def _asleep(line: Line, constants: SeatConstants, day: int) -> Line:
    """A line asleep more than 60 days has no open seat left and starts anew."""
    since, proofs = (day, 0) if constants.probation else (day - PROBATION_DAYS, PROBATION_PROOFS)
    return Line(day, since, constants.a, 0, 0, 0, line.weeks, 0, 0, 0, (0,) * SEAT_DAYS, proofs)


def _forward(line: Line, constants: SeatConstants, day: int) -> Line:
    last, seats = line.day, line.seats
    over = [each % SEAT_DAYS for each in range(last + 1, min(day, last + SEAT_DAYS) + 1) if seats[each % SEAT_DAYS]]
    if over:
        left = list(seats)
        for place in over:
            left[place] = 0
        seats = tuple(left)
    limit, weeks, freed_256, freed_week = line.limit, line.weeks, line.freed_256, line.freed_week
    for _ in range(last // 7 + 1 + (last % 7 >= _MONDAY), day // 7 + 1 + (day % 7 >= _MONDAY)):
        weeks = min(60, weeks + 1)
        freed_256 = max(0, freed_256 + (256 * freed_week - freed_256) // min(SMOOTHING_WEEKS, weeks + 4))
        freed_week = 0
        limit = limit_of(constants, freed_256)
    return Line(day, line.since, limit, 0, 0, 0, weeks, freed_256, freed_week, 0, seats, line.proofs)


def has_room(line: Line, weight: int = 1) -> bool:
    """Whether a rolled line can take `weight` seats today."""
    limit = line.limit
    if limit > PROBATION_LIMIT and on_probation(line):
        limit = PROBATION_LIMIT
    return line.today + weight <= cap_of(limit) and sum(line.seats) + weight <= limit


def take(line: Line, weight: int = 1, *, age: int = 0) -> Line:
    """Take seats on a rolled line that has room, as if `age` days ago: MISS_AGE for a miss."""
    seats = list(line.seats)
    seats[(line.day - age) % SEAT_DAYS] += weight
    return Line(
        line.day, line.since, line.limit, line.today + weight, line.attempts, line.known, line.weeks,
        line.freed_256, line.freed_week, line.refused, tuple(seats), line.proofs,
    )  # fmt: skip


def count(line: Line, *, known: int = 0, refused: int = 0, seats: int = 0, age: int = 0) -> Line:
    """Count one attempt on a rolled line, with what came of it; the gate does it for every ask.

    `seats` are taken as if `age` days ago.
    """
    held = line.seats
    if seats:
        by_day = list(held)
        by_day[(line.day - age) % SEAT_DAYS] += seats
        held = tuple(by_day)
    return Line(
        line.day, line.since, line.limit, line.today + seats, line.attempts + 1, line.known + known, line.weeks,
        line.freed_256, line.freed_week, line.refused + refused, held, line.proofs,
    )  # fmt: skip


def prove(line: Line, drawn_day: int, *, counts: bool = True) -> Line:
    """Give back the seat drawn on `drawn_day`; a late proof gives none back, and counts all the same.

    `counts` is false for grade D, which frees the seat and raises nothing. The caller has rolled the line to today,
    and checked that this evidence is new: proof is idempotent by evidence id. A day to come raises ValueError.
    """
    seats = list(line.seats)
    place = drawn_day % SEAT_DAYS
    if _age(line, drawn_day) < SEAT_DAYS and seats[place] > 0:
        seats[place] -= 1
    return _freed(line, seats, drawn_day, 1 if counts else 0)


def withdraw(line: Line, drawn_day: int, *, counts: bool = True) -> Line:
    """Take the seat again for a proof that was withdrawn, if its 30 days are not over, and give back the count."""
    seats = list(line.seats)
    if _age(line, drawn_day) < SEAT_DAYS:
        seats[drawn_day % SEAT_DAYS] += 1
    return _freed(line, seats, drawn_day, -1 if counts else 0)


def _freed(line: Line, seats: list[int], drawn_day: int, by: int) -> Line:
    freed_week = min(_FREED_MAX, max(-_FREED_MAX, line.freed_week + by))
    proofs = max(0, min(_COUNT_MAX, line.proofs + by)) if drawn_day >= line.since else line.proofs
    return Line(
        line.day, line.since, line.limit, line.today, line.attempts, line.known, line.weeks, line.freed_256,
        freed_week, line.refused, tuple(seats), proofs,
    )  # fmt: skip


def settle(line: Line, constants: SeatConstants, owed: bytes, *, declared: bool = False) -> Line:
    """Count the proofs and withdrawals that came since the line was last opened, each on its day.

    `owed` is what access.prove and access.withdraw appended to the line: the day of the seat, the day of the proof,
    whether a seat moves (ten more: a seat of the declared line) and by how much the count of proofs does. Their order
    is that in which they came. A proof of either line tells probation that somebody was there.
    """
    for drawn_day, on_day, moved, freed in _OWED.iter_unpack(owed):
        line = roll(line, constants, on_day)
        is_declared = moved >= _OWED_DECLARED
        seats = moved - 10 if is_declared else moved
        if is_declared != declared:
            if is_declared and drawn_day >= line.since:
                line = replace(line, proofs=max(0, min(_COUNT_MAX, line.proofs + freed)))
            continue
        if seats > 0 or (seats == 0 and freed < 0):
            line = withdraw(line, min(drawn_day, line.day), counts=freed != 0)
        else:
            line = prove(line, min(drawn_day, line.day), counts=freed != 0)
    return line


def _age(line: Line, drawn_day: int) -> int:
    age = line.day - drawn_day
    if age < 0:
        msg = "evidence of a day to come: roll the line to today before"
        raise ValueError(msg)
    return age


def pack(line: Line) -> bytes:
    """The stored form of a line."""
    return _PACK.pack(
        _STATE_VERSION, line.weeks, line.limit, line.day, line.since, line.freed_256, line.freed_week, line.today,
        min(_COUNT_MAX, line.attempts), min(_COUNT_MAX, line.known), min(_COUNT_MAX, line.refused),
        line.proofs, 0, *line.seats,
    )  # fmt: skip


def unpack(state: bytes) -> Line:
    """Read a stored line; an unknown version raises ValueError, and the ask is refused."""
    (version, weeks, limit, day, since, freed_256, freed_week, today, attempts, known, refused, proofs, _,
     *seats) = _PACK.unpack_from(state)  # fmt: skip
    if version == 1 and day >= since + PROBATION_DAYS:
        proofs = PROBATION_PROOFS  # whoever came out of probation while its days sufficed stays out
    elif version not in (1, _STATE_VERSION):
        msg = f"line state of version {version}: this release reads versions 1 and {_STATE_VERSION}"
        raise ValueError(msg)
    return Line(
        day, since, limit, today, attempts, known, weeks, freed_256, freed_week, refused, tuple(seats), proofs
    )


def pack_declared(line: Line) -> bytes:
    """The stored form of a declared line, which follows that of its line: a byte a day, as long as one suffices.

    Neither form keeps what probation asks, which a declared line does not know.
    """
    if max(*line.seats, line.attempts) > _BYTE_MAX:
        return pack(replace(line, since=0))
    return _DECLARED_PACK.pack(
        line.limit, line.today, line.day, line.freed_256, line.freed_week, line.weeks, *line.seats, line.attempts,
    )  # fmt: skip


def unpack_declared(state: bytes) -> Line | None:
    """Read the declared line that follows a stored line; None when it was never used."""
    if len(state) <= _PACK.size:
        return None
    if len(state) == 2 * _PACK.size:
        return replace(unpack(state[_PACK.size :]), since=DECLARED_UNSEEN.since, proofs=DECLARED_UNSEEN.proofs)
    if len(state) == _PACK.size + _DECLARED_OLD:
        state += bytes(1)
    limit, today, day, freed_256, freed_week, weeks, *seats, misses = _DECLARED_PACK.unpack_from(state, _PACK.size)
    return replace(
        DECLARED_UNSEEN, day=day, limit=limit, today=today, weeks=weeks, freed_256=freed_256, freed_week=freed_week,
        seats=tuple(seats), attempts=misses,
    )  # fmt: skip


DECLARED_UNSEEN = Line(0, -PROBATION_DAYS, 0, 0, 0, 0, 0, 0, 0, 0, (0,) * SEAT_DAYS, PROBATION_PROOFS)
"""A declared line that was never used: rolled to any day, it starts there."""
