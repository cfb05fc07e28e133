"""The parts of the rule that a run may leave out, to see what each is worth; the product has no such switch."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from tierce.gate.rules import CHECKS, Case, Check, check_attempts, check_known, check_place, check_seats
from tierce.lab.errors import LabError
from tierce.policy.acts import Outcome
from tierce.policy.seats import effective_limit


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part is there unless said otherwise; `twins` alone is off, as in the product."""

    seats: bool = True
    day_cap: bool = True
    """The share of the limit that may be taken in one day."""
    thirty_days: bool = True
    """The limit on what is open; without it the day's cap stands alone."""
    probation: bool = True
    known: bool = True
    """The daily limit of known people."""
    attempts: bool = True
    evidence: bool = True
    declared: bool = True
    """A line of its own for cards read by certified software; without it such a reading says nothing."""
    declared_place: bool = True
    """The establishment's line of declared readings (docs/adr/0086)."""
    continuing: bool = True
    """A new device shares the places of an older one of the same login that says so."""
    twins: bool = False
    """Sex-flipped twins of true numbers are decoys."""


ALL = Parts()


def without(name: str) -> Parts:
    """Every part but one.

    Raises:
        LabError: there is no such part.
    """
    if name not in {field.name for field in fields(Parts)}:
        msg = f"no part of the rule is called {name}"
        raise LabError(msg)
    return Parts(**{name: False})


def checks_of(parts: Parts) -> Sequence[Check]:
    """The chain that the gate runs, with the named parts left out."""
    if parts.seats and parts.day_cap and parts.thirty_days:
        seats: Check | None = check_seats
    elif parts.seats and parts.day_cap:
        seats = _day_cap_alone
    elif parts.seats and parts.thirty_days:
        seats = _thirty_days_alone
    else:
        seats = None
    chosen: dict[Check, Check | None] = {
        check_seats: seats,
        check_place: check_place if seats is check_seats else None,  # it has the same parts, and would stand for them
        check_known: check_known if parts.known else None,
        check_attempts: check_attempts if parts.attempts else None,
    }
    chain = (chosen.get(check, check) for check in CHECKS)
    return [check for check in chain if check is not None]


def _day_cap_alone(case: Case) -> Outcome | None:
    limit = effective_limit(case.line)
    if case.present or case.known or case.declared is not None or case.line.today < max(3, -(-limit // 3)):
        return None
    return Outcome.OUT_OF_SEATS


def _thirty_days_alone(case: Case) -> Outcome | None:
    if case.present or case.known or case.declared is not None or case.line.open < effective_limit(case.line):
        return None
    return Outcome.OUT_OF_SEATS
