"""What the attack gave, measured in the run, and the bound that it is compared with."""

import asyncio
from dataclasses import asdict, dataclass

from psycopg import Connection

from tierce.kernel.ids import ProfessionalId
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack
from tierce.lab.demo.errors import BeatError
from tierce.policy.seats import PROBATION_KNOWN, PROBATION_LIMIT, cap_of

HELD_WITHIN_SECONDS = 20.0
BEAT = 4


@dataclass(frozen=True, slots=True)
class Bound:
    """What a device never seen before can learn in its first day, by policy."""

    first_time: int = cap_of(PROBATION_LIMIT)
    """People never seen at the establishment: places of the day on a new device."""
    known: int = PROBATION_KNOWN
    """People already known at the establishment."""

    @property
    def people(self) -> int:
        """The sum, that nothing may pass."""
        return self.first_time + self.known


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one attack; seconds since its start, asks counted from 1."""

    tried: int
    seconds: float
    unprotected_tried: int
    unprotected_learned: int
    unprotected_seconds: float
    learned: int
    learned_by_journal: int
    bound: int
    last_learned_ask: int
    last_learned_seconds: float
    held_ask: int
    held_seconds: float
    optician_asked: int
    optician_shown: int
    optician_seconds_max: float

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}


async def conclude(connection: Connection, professional: ProfessionalId, attack: Attack) -> Result:
    """Gather the figures and hold them to what is promised.

    Raises:
        BeatError: more people were learned than the bound, the journal tells of others than the thief's own
            answers, the device was not held, or the optician was not served.
    """
    for _ in range(int(HELD_WITHIN_SECONDS * 10)):
        attack.held = attack.held or store.held_since(connection, attack.device)
        if attack.held is not None and store.lines_waiting(connection) == 0:
            break
        await asyncio.sleep(0.1)
    held = attack.held_at
    if held is None:
        raise BeatError(BEAT, "the watch did not hold the thief's device")
    tierce, unprotected, optician = attack.tierce, attack.unprotected, attack.optician
    result = Result(
        tried=tierce.asked,
        seconds=tierce.ended or 0.0,
        unprotected_tried=unprotected.asked,
        unprotected_learned=len(unprotected.learned),
        unprotected_seconds=unprotected.ended or 0.0,
        learned=len(tierce.learned),
        learned_by_journal=len(store.people_disclosed(connection, professional, attack.device)),
        bound=Bound().people,
        last_learned_ask=tierce.last_learned[0],
        last_learned_seconds=tierce.last_learned[1],
        held_ask=held[0],
        held_seconds=held[1],
        optician_asked=optician.asked,
        optician_shown=optician.shown,
        optician_seconds_max=optician.seconds_max,
    )
    _check(result)
    return result


def _check(result: Result) -> None:
    if not 0 < result.learned <= result.bound:
        raise BeatError(BEAT, f"{result.learned} people learned, the bound is {result.bound}")
    if result.learned != result.learned_by_journal:
        said = f"the thief's answers show {result.learned} people, the journal {result.learned_by_journal}"
        raise BeatError(BEAT, said)
    if result.unprotected_learned <= result.learned:
        raise BeatError(BEAT, "the portal without a gate told no more than Tierce")
    if result.optician_asked == 0 or result.optician_shown != result.optician_asked:
        said = f"the optician was shown {result.optician_shown} of {result.optician_asked} answers"
        raise BeatError(BEAT, said)
