"""Floors that the database itself holds, whatever a process sends: the bound of a stolen `api` credential.

They are absolute maxima, well above what the gate grants, written to gate.floor and gate.ceiling at each
upgrade; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tierce.kernel.care import Profession
from tierce.policy.lines import PLACE_DESKS_MAX, place_constants
from tierce.policy.seats import DAY_LIMITS, DECLARED, SEATS, cap_of

BATCH_MAX = 64
"""Asks in one batch."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What one line can never pass in a civil day."""

    asked: int
    """Asks looked up, whatever came of them; a plain refusal shows nothing and is not counted."""
    drawn: int
    """People of first-time pairs, without proof of presence."""
    known: int
    """People of known pairs, and those whose presence was proved."""
    place: int
    """People of first-time pairs of one establishment's line."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """People released at most, for one database role (`instance`) or for all of them (`nation`)."""

    per_minute: int
    per_day: int


FLOORS: Mapping[Profession, Floor] = {
    profession: Floor(
        asked=2 * DAY_LIMITS[profession].attempts,
        drawn=cap_of(constants.top) + cap_of(DECLARED[profession].top),
        known=max(2 * DAY_LIMITS[profession].known, DAY_LIMITS[profession].attempts),
        place=cap_of(place_constants(profession, PLACE_DESKS_MAX).top)
        + PLACE_DESKS_MAX * cap_of(DECLARED[profession].top),
    )
    for profession, constants in SEATS.items()
}

CEILINGS: Mapping[str, Ceiling] = {
    "instance": Ceiling(per_minute=3_000, per_day=300_000),
    "nation": Ceiling(per_minute=6_000, per_day=600_000),
}
"""About twice the busiest minute and day assumed for a large operator, known people included."""

SHOWN_CEILINGS: Mapping[str, int] = {"staff": 200, "office": 2_000, "persons": 50_000}
"""People shown in a civil day at most: by one member of staff, by the office as a whole, and people whose own space
is opened. Counted on committed lines, one a showing; past it the database shows nobody until the next day."""

OFFICE_SHOWN_SOON = 400
"""People whom the office as a whole is shown in a stretch of ten minutes and the one before it (ceilings.sql counts):
a captured one is not shown a day's people in its first minute."""
