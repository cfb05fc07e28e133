"""Why an honest ask was stepped up: which device asked, what stopped it, and what was unusual that day."""

from collections import Counter
from enum import StrEnum
from typing import Final

from tierce.policy.acts import Outcome


class Cause(StrEnum):
    """One reason for a step-up; each step-up has exactly one, the first that holds in this order."""

    SUBSTITUTE_PLACES = "substitute_places"
    """Who stands in works on a device on probation, whose five places are taken."""
    SUBSTITUTE_KNOWN = "substitute_known"
    """The same, and its fifteen known people of the day were shown."""
    DEVICE_PLACES = "device_places"
    """The desk's own device was replaced, and is on probation: its five places are taken."""
    DEVICE_KNOWN = "device_known"
    HELD = "held"
    """Held, or asked for proofs of new people, by the tests."""
    ATTEMPTS = "attempts"
    SHARED = "shared"
    """A line that many share, or a pool, has no place: others drew there."""
    KNOWN = "known"
    """A settled device showed as many known people today as it may."""
    OUTAGE = "outage"
    """No place, on a day on which no card can be read."""
    PORTAL = "portal"
    """No place, at a desk that never reads a card."""
    TOURIST = "tourist"
    """No place, at a tourist place in July or August."""
    JANUARY = "january"
    DECLARED_FULL = "declared_full"
    """A card was read, and neither its line nor the other had a place."""
    DAY = "day"
    """Nothing unusual: the day's cap."""
    MONTH = "month"
    """Nothing unusual: the limit of thirty days."""


Causes = Counter[Cause]
_STOPS: Final = {
    Outcome.HELD: Cause.HELD,
    Outcome.OUT_OF_ATTEMPTS: Cause.ATTEMPTS,
    Outcome.COMMON_FULL: Cause.SHARED,
    Outcome.PLACE_FULL: Cause.SHARED,
}


def on_new_device(outcome: Outcome, *, substitute: bool) -> Cause:
    """The cause of a step-up on a device that is on probation."""
    if outcome in _STOPS:
        return _STOPS[outcome]
    if outcome is Outcome.KNOWN_LIMIT:
        return Cause.SUBSTITUTE_KNOWN if substitute else Cause.DEVICE_KNOWN
    return Cause.SUBSTITUTE_PLACES if substitute else Cause.DEVICE_PLACES


def on_settled_device(outcome: Outcome, unusual: Cause | None, *, card: bool, month_full: bool) -> Cause:
    """The cause of a step-up on a device of long standing; `unusual` is what the day or the desk has of its own."""
    if outcome in _STOPS:
        return _STOPS[outcome]
    if outcome is Outcome.KNOWN_LIMIT:
        return Cause.KNOWN
    if unusual is not None:
        return unusual
    if card:
        return Cause.DECLARED_FULL
    return Cause.MONTH if month_full else Cause.DAY
