"""Whether an insurer is asked at all: how many asks are under way, and since when it does not answer.

What is decided here depends on what the insurer did for others, and never on whom one asks about. An insurer may
fail of one number, and whoever has such a number could repeat it: so one line of seats counts for one failure a
minute, and is not the one that tries again for everybody (docs/adr/0109).
"""

from dataclasses import dataclass, field

from tierce.kernel.ids import LineId
from tierce.policy.remote import ASKS_MAX, AWAY_SECONDS, FAILURE_SECONDS, FAILURES_MAX


@dataclass(slots=True)
class Breaker:
    """The state of one insurer in one process; instants are those of one monotonic clock."""

    under_way: int = 0
    failures: int = 0
    """Calls in a row that gave nothing that can be used, and counted."""
    away_until: float | None = None
    """Until when it is not asked; past it, one ask tries."""
    trying: bool = False
    _counted: dict[LineId, float] = field(default_factory=dict)
    """When a failure of a line last counted, since the last answer."""

    @property
    def full(self) -> bool:
        """Whether as many asks about its people are under way as may be: that bound is ours."""
        return self.under_way >= ASKS_MAX

    def enter(self, now: float, line: LineId) -> bool:
        """Whether it is asked, now and for this line of seats; an ask that begins `leave`s."""
        if self.away_until is not None and (now < self.away_until or self.trying or self._spent(line, now)):
            return False
        self.trying = self.away_until is not None
        self.under_way += 1
        return True

    def leave(self, *, tried: bool) -> None:
        """An ask that began is over; one that `tried` may have been refused by the gate: then another one tries."""
        self.under_way -= 1
        if tried:
            self.trying = False

    def answered(self) -> None:
        """A call gave an answer, whatever it says."""
        self.failures, self.away_until = 0, None
        self._counted.clear()

    def failed(self, now: float, line: LineId, *, unsent: bool = False) -> bool:
        """A call gave none, and `unsent` could not leave; returns whether the insurer is away from now on."""
        if not unsent:
            if self._spent(line, now):
                return False
            self._counted[line] = now
        self.failures += 1
        if self.failures < FAILURES_MAX:
            return False
        self.away_until = now + AWAY_SECONDS
        return True

    def away(self, now: float) -> float:
        """For how many seconds more it is not asked."""
        return max(0.0, (self.away_until or now) - now)

    def _spent(self, line: LineId, now: float) -> bool:
        counted = self._counted.get(line)
        return counted is not None and now - counted < FAILURE_SECONDS
