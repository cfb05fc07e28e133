"""The next decision of an incident: pure, always one, the most urgent first."""

from collections.abc import Sequence
from datetime import datetime

from tierce.incidents.clocks.model import Running, State
from tierce.incidents.clocks.rules import OPERATOR, public_owed, reached_all
from tierce.incidents.night.model import Decision, Known, Next
from tierce.incidents.states.model import Stage
from tierce.policy.clocks import Duty


def next_decision(known: Known) -> Next:
    """Say what is to be decided next.

    What is late comes first, then whether it is a breach, then stopping it; a notice to insurers waits for nothing
    else once a list says who they are.
    """
    stands, reached = known.standing.stage, known.standing.reached
    own = [clock for clock in known.clocks if clock.insurer == OPERATOR]
    if stands is Stage.CLOSED:
        if not reached_all(own, known.untold) or public_owed(own, known.untold.waiting):
            return Next(Decision.REOPEN)
        return Next(Decision.RELEASE if known.standing.held else Decision.NOTHING)
    if stands is Stage.NOT_A_BREACH:
        return Next(Decision.CLOSE if not known.lacking else Decision.WRITE)
    late = [clock for clock in own if clock.state is State.OVERDUE]
    if late:
        return Next(Decision.LATE, min(late, key=ends_at))
    if reached(Stage.AWARE) is None:
        return Next(Decision.CHECK if reached(Stage.CHECK) is None else Decision.ESTABLISH)
    if reached(Stage.CONTAINED) is None:
        return Next(Decision.CONTAIN)
    if known.listed_at is None:
        return Next(Decision.LIST)
    if known.told < known.insurers:
        return Next(Decision.TELL, next((clock for clock in own if clock.rule.duty is Duty.NOTICE), None))
    confirmed = reached(Stage.COHORTS)
    if confirmed is None or confirmed.written < known.listed_at:
        return Next(Decision.COHORTS)
    if known.open_cohorts:
        return Next(Decision.CONCLUDE)
    running = [clock for clock in own if clock.state is State.RUNNING]
    if running:
        return Next(Decision.NOTIFY, min(running, key=_due_or_never))
    if public_owed(own, known.untold.waiting):
        return Next(Decision.PUBLISH)
    if not reached_all(own, known.untold):
        return Next(Decision.REACH)
    return Next(Decision.WRITE if known.lacking else Decision.CLOSE)


def conclusions_owed(concluded: Sequence[bool], listed: int) -> int:
    """How many conclusions are still owed.

    Args:
        concluded: for each cohort that was scored, whether somebody concluded on its risk.
        listed: cohorts of the newest list with somebody in them; what nobody scored is owed too.
    """
    return concluded.count(False) + max(listed - len(concluded), 0)


def ends_at(clock: Running) -> datetime:
    """When a clock ends that has an end."""
    assert clock.due is not None
    return clock.due


def _due_or_never(clock: Running) -> tuple[bool, datetime]:
    assert clock.started is not None
    return clock.due is None, clock.due or clock.started
