"""Seats: the rule that bounds what a stolen identity learns.

A seat is a first-time (establishment, person) pair, or a miss, disclosed without proof of presence. Proof gives
it back at once, age gives it back after 30 days, and only proof of grade A or B raises the limit; nothing is
learned from unproven use (docs/adr/0002). A line of seats belongs to one (login, device, profession). Days are
civil days in Paris, counted since 1970-01-01.

    a seat is taken  <=>  open + w <= limit  and  today + w <= cap
    limit = min(top, a + b * freed per 4 weeks)     freed smoothed over 16 weeks, updated on Mondays
    cap   = min(limit, max(3, ceil(limit / 3)))
    new, dormant (> 60 days) or reset device: limit 5 for 14 days
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tierce.kernel.care import Profession
from tierce.kernel.clock import is_monday

SEAT_DAYS = 30
PROBATION_DAYS = 14
PROBATION_LIMIT = 5
PROBATION_KNOWN = 15
"""Known people a day on a new device: knowing a practice's patients must not open its file from a stolen sign-in."""
NEW_LINES_MAX = 3
"""Lines of a profession that a login may open in PROBATION_DAYS; a further new device shares the newest
(access.line_of), so that signing in again and again opens no more seats."""
DORMANT_DAYS = 60
SMOOTHING_WEEKS = 16
CAP_FLOOR = 3
PROVED_DAYS = 730
"""A proved pair is remembered 24 months."""

_PACK = struct.Struct(">BBHIIIhHHHHHH30H")
_STATE_VERSION = 1
_COUNT_MAX = 0xFFFF
_FREED_MAX = 0x7FFF


@dataclass(frozen=True, slots=True)
class SeatConstants:
    """Constants of a profession: base seats, share (per cent) of seats freed per 4 weeks, absolute top."""

    a: int
    b_percent: int
    top: int


SEATS: Mapping[Profession, SeatConstants] = {
    Profession.GP: SeatConstants(14, 100, 120),
    Profession.SPECIALIST: SeatConstants(38, 100, 240),
    Profession.PHARMACY: SeatConstants(11, 100, 240),
    Profession.DENTIST: SeatConstants(25, 100, 120),
    Profession.NURSE: SeatConstants(14, 100, 90),
    Profession.PHYSIO: SeatConstants(14, 100, 90),
    Profession.OPTICIAN: SeatConstants(128, 100, 420),
    Profession.AUDIO: SeatConstants(128, 100, 420),
    Profession.LABORATORY: SeatConstants(38, 100, 240),
    Profession.RADIOLOGY: SeatConstants(38, 100, 240),
    Profession.HOSPITAL: SeatConstants(545, 100, 2400),
    Profession.TRANSPORT: SeatConstants(14, 100, 90),
    Profession.MIDWIFE: SeatConstants(14, 100, 90),
}
"""Starting constants; the simulated country refits them. Those of audio, laboratory, radiology, transport and
midwife, and every top, are set by analogy with the nearest measured profession."""


@dataclass(frozen=True, slots=True)
class DayLimits:
    """Daily limits of one line besides its seats."""

    attempts: int
    """Asks of any kind; counted first of all."""
    known: int
    """Distinct people of known pairs."""


DAY_LIMITS: Mapping[Profession, DayLimits] = {
    Profession.GP: DayLimits(150, 75),
    Profession.SPECIALIST: DayLimits(150, 75),
    Profession.PHARMACY: DayLimits(900, 600),
    Profession.DENTIST: DayLimits(100, 50),
    Profession.NURSE: DayLimits(150, 90),
    Profession.PHYSIO: DayLimits(120, 60),
    Profession.OPTICIAN: DayLimits(150, 60),
    Profession.AUDIO: DayLimits(80, 40),
    Profession.LABORATORY: DayLimits(600, 360),
    Profession.RADIOLOGY: DayLimits(300, 150),
    Profession.HOSPITAL: DayLimits(1500, 900),
    Profession.TRANSPORT: DayLimits(120, 60),
    Profession.MIDWIFE: DayLimits(100, 50),
}
"""About three times a busy day of one desk, which is an assumption to be replaced by an operator's own counts."""


HOLD_REFUSED_LEAST = 12


def hold_refused(profession: Profession) -> int:
    """Refusals for want of a seat, in one day, at which the watch holds a device.

    A professional who is refused asks for the card; a busy desk whose line is full refuses many honest people in a
    day, hence a tenth of its day's attempts, or a day's seats where they are more.
    """
    return max(HOLD_REFUSED_LEAST, DAY_LIMITS[profession].attempts // 10, cap_of(SEATS[profession].a))


@dataclass(frozen=True, slots=True)
class Line:
    """The state of one line of seats, as stored in access.line.state (90 bytes).

    `seats[d % 30]` counts the seats taken on day d and still unproved; `freed_256` is the smoothed number of
    proofs a week, in 1/256.
    """

    day: int
    since: int
    """Day on which the device was first seen, or came back after a long sleep: probation counts from here."""
    limit: int
    today: int
    """Units drawn today, proved since or not."""
    attempts: int
    known: int
    """Distinct people of known pairs shown today."""
    weeks: int
    freed_256: int
    freed_week: int
    """Proofs of grade A or B in the running week; below zero when more of earlier weeks were withdrawn."""
    refused: int
    """Asks refused a seat today."""
    seats: tuple[int, ...]

    @property
    def open(self) -> int:
        """Seats taken and not yet free again."""
        return sum(self.seats)


def new_line(profession: Profession, day: int) -> Line:
    """The line of a device never seen: in probation, whatever the age of the login."""
    return Line(day, day, SEATS[profession].a, 0, 0, 0, 0, 0, 0, 0, (0,) * SEAT_DAYS)


def limit_of(constants: SeatConstants, freed_256: int) -> int:
    """The limit that proofs give: a + b * freed per 4 weeks, at most top; all in integers."""
    return min(constants.top, constants.a + 4 * constants.b_percent * freed_256 // 25_600)


def effective_limit(line: Line) -> int:
    """The limit in force on the line's day: 5 during probation."""
    if line.day < line.since + PROBATION_DAYS:
        return min(line.limit, PROBATION_LIMIT)
    return line.limit


def known_limit(line: Line, profession: Profession) -> int:
    """Distinct people of known pairs that a rolled line may show in its day."""
    limit = DAY_LIMITS[profession].known
    return min(limit, PROBATION_KNOWN) if line.day < line.since + PROBATION_DAYS else limit


def cap_of(limit: int) -> int:
    """Seats that may be taken in one day."""
    return min(limit, max(CAP_FLOOR, -(-limit // 3)))


def roll(line: Line, constants: SeatConstants, day: int) -> Line:
    """Bring a line forward to `day`; an earlier day leaves it as it is (a clock may not give seats back)."""
    if day <= line.day:
        return line
    if day - line.day > DORMANT_DAYS:
        return _asleep(line, constants, day)
    return _forward(line, constants, day)


def _asleep(line: Line, constants: SeatConstants, day: int) -> Line:
    """A line asleep more than 60 days has no open seat left and starts anew."""
    return Line(day, day, constants.a, 0, 0, 0, line.weeks, 0, 0, 0, (0,) * SEAT_DAYS)


def _forward(line: Line, constants: SeatConstants, day: int) -> Line:
    seats = list(line.seats)
    limit, weeks, freed_256, freed_week = line.limit, line.weeks, line.freed_256, line.freed_week
    for each in range(line.day + 1, day + 1):
        seats[each % SEAT_DAYS] = 0
        if is_monday(each):
            weeks = min(60, weeks + 1)
            freed_256 = max(0, freed_256 + (256 * freed_week - freed_256) // min(SMOOTHING_WEEKS, weeks + 4))
            freed_week = 0
            limit = limit_of(constants, freed_256)
    return Line(day, line.since, limit, 0, 0, 0, weeks, freed_256, freed_week, 0, tuple(seats))


def has_room(line: Line, weight: int = 1) -> bool:
    """Whether a rolled line can take `weight` seats today."""
    limit = effective_limit(line)
    return line.open + weight <= limit and line.today + weight <= cap_of(limit)


def take(line: Line, weight: int = 1) -> Line:
    """Take seats on a rolled line that has room."""
    seats = list(line.seats)
    seats[line.day % SEAT_DAYS] += weight
    return replace(line, today=line.today + weight, seats=tuple(seats))


def count(line: Line, *, known: int = 0, refused: int = 0, seats: int = 0) -> Line:
    """Count one attempt on a rolled line, with what came of it; the gate does it for every ask."""
    if seats:
        line = take(line, seats)
    return Line(
        line.day, line.since, line.limit, line.today, line.attempts + 1, line.known + known, line.weeks,
        line.freed_256, line.freed_week, line.refused + refused, line.seats,
    )  # fmt: skip


def prove(line: Line, drawn_day: int) -> Line:
    """Give back the seat drawn on `drawn_day`, by proof of grade A or B; a late proof counts as freed too.

    The caller has rolled the line to today, and checked that this evidence is new: proof is idempotent by
    evidence id. A day to come raises ValueError.
    """
    seats = list(line.seats)
    place = drawn_day % SEAT_DAYS
    if _age(line, drawn_day) < SEAT_DAYS and seats[place] > 0:
        seats[place] -= 1
    return replace(line, seats=tuple(seats), freed_week=min(_FREED_MAX, line.freed_week + 1))


def withdraw(line: Line, drawn_day: int) -> Line:
    """Take the seat again for a proof that was withdrawn, if its 30 days are not over, and give back the count."""
    seats = list(line.seats)
    if _age(line, drawn_day) < SEAT_DAYS:
        seats[drawn_day % SEAT_DAYS] += 1
    return replace(line, seats=tuple(seats), freed_week=max(-_FREED_MAX, line.freed_week - 1))


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
        min(_COUNT_MAX, line.attempts), min(_COUNT_MAX, line.known), min(_COUNT_MAX, line.refused), 0, 0, *line.seats,
    )  # fmt: skip


def unpack(state: bytes) -> Line:
    """Read a stored line; an unknown version raises ValueError, and the ask is refused."""
    (
        version,
        weeks,
        limit,
        day,
        since,
        freed_256,
        freed_week,
        today,
        attempts,
        known,
        refused,
        _,
        _,
        *seats,
    ) = _PACK.unpack(state)
    if version != _STATE_VERSION:
        msg = f"line state of version {version}: this release reads version {_STATE_VERSION}"
        raise ValueError(msg)
    return Line(day, since, limit, today, attempts, known, weeks, freed_256, freed_week, refused, tuple(seats))
