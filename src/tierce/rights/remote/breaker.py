"""Whether an insurer is asked at all: how many asks are under way, and since when it does not answer.

What is decided here depends on what the insurer did for others, and never on whom one asks about.
"""

from dataclasses import dataclass

from tierce.policy.remote import ASKS_MAX, AWAY_SECONDS, FAILURES_MAX


@dataclass(slots=True)
class Breaker:
    """The state of one insurer in one process; instants are those of one monotonic clock."""

    under_way: int = 0
    failures: int = 0
    """Calls in a row that gave nothing that can be used."""
    away_until: float | None = None
    """Until when it is not asked; past it, one ask tries."""
    trying: bool = False

    def enter(self, now: float) -> bool:
        """Whether one more ask about its people may begin; one that does `leave`s."""
        if self.under_way >= ASKS_MAX or (self.away_until is not None and (now < self.away_until or self.trying)):
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

    def failed(self, now: float) -> bool:
        """A call gave none; returns whether the insurer is away from now on."""
        self.failures += 1
        if self.failures < FAILURES_MAX:
            return False
        self.away_until = now + AWAY_SECONDS
        return True

    def away(self, now: float) -> float:
        """For how many seconds more it is not asked."""
        return max(0.0, (self.away_until or now) - now)
