"""The queue in front of signing in: who may begin now, and when the turn of the others comes.

The queue is a moment, the next free turn, whatever its length (generic cell rate algorithm, ITU-T I.371): nothing is
kept of whoever waits. She keeps her turn herself, in a cookie that this process alone can write; started again, it
knows none of them and the queue is empty.

When that queue is long, whoever comes from a network of which nobody waits stands in another beside it, at half its
pace, in which each network waits once: a crowd of one network, or of so many, makes her wait for that many networks
and no more (docs/adr/0143).
"""

import hmac
import math
import re
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Final

from tierce.policy.returning import AT_ONCE_SECONDS, QUEUE_FOR, SHARED_FROM, TURN_FOR

_WRITTEN: Final = re.compile(r"(\d{1,12})\.(\d{1,15})\.([0-9a-f]{32})")
_GOLDEN: Final = 0.618034
"""Its multiples, whole parts left out, are spread evenly however many there are."""
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Turn:
    """What whoever comes is told: to begin, or to come again in `wait` seconds; `written` is her turn, if any."""

    wait: float
    written: str = ""

    @property
    def come(self) -> bool:
        """Whether she may begin now."""
        return self.wait <= 0


class Turns:
    """The queue of one process; moments are seconds of a clock that never goes back."""

    def __init__(self, a_second: float) -> None:
        """Let `a_second` sign-ins begin each second; the queue is empty."""
        self._every = 1 / a_second
        self._key = secrets.token_bytes(32)
        self._next = float("-inf")
        self._next_shared = float("-inf")
        self._waiting: dict[bytes, float] = {}
        """Networks that have a turn in the queue of networks, by when it comes; in that order."""
        self._given = 0
        self._turned_away = 0
        self._used: deque[tuple[float, int]] = deque()
        self._spent: set[int] = set()

    def enter(self, held: str, now: float, network: bytes = b"") -> Turn:
        """Take in whoever comes at `now`, with the turn that she holds or with none ("").

        `network` is hers as bytes, of which nothing is kept once nobody of it waits; empty where it is not known.
        """
        kept = self._read(held)
        if kept is not None and self._serves(*kept, now):
            return Turn(max(0.0, kept[1] - now), held)
        free = max(self._next, now - AT_ONCE_SECONDS)
        longest = QUEUE_FOR.total_seconds()
        shared = self._shared(now, network) if free - now > SHARED_FROM.total_seconds() else None
        if shared is not None and shared < free:
            self._next_shared = shared + 2 * self._every
            self._waiting[network] = free = shared
            self._next += self._every
        elif free - now > longest:
            self._turned_away += 1
            return Turn(longest * (1 + self._turned_away * _GOLDEN % 1) / 2)
        else:
            self._next = free + self._every
        self._given += 1
        comes = max(free, now)
        return Turn(comes - now, self._write(self._given, math.floor(comes * _MILLI)))

    def wait(self, now: float) -> float:
        """How long whoever comes at `now` would wait, in seconds, from a network of which somebody waits already.

        Beyond QUEUE_FOR she is given no turn.
        """
        return max(0.0, self._next - now)

    @property
    def turned_away(self) -> int:
        """How many were given no turn since the start: the queue was full."""
        return self._turned_away

    def begin(self, held: str, now: float) -> bool:
        """Use the turn that whoever begins at `now` holds; False: it has not come, is over, was used or is none."""
        while self._used and self._used[0][0] < now:
            self._spent.discard(self._used.popleft()[1])
        kept = self._read(held)
        if kept is None or now < kept[1] or not self._serves(*kept, now):
            return False
        self._spent.add(kept[0])
        self._used.append((now + TURN_FOR.total_seconds(), kept[0]))
        return True

    def leads(self, held: str) -> str:
        """What our own page says beside the turn that she holds: no page that cannot read it leads her further."""
        return self._seal(f"leads.{held}")

    def _shared(self, now: float, network: bytes) -> float | None:
        """The next turn of the queue of networks; None for one that has a turn there, or that nobody knows."""
        while self._waiting and (first := next(iter(self._waiting.items())))[1] <= now:
            del self._waiting[first[0]]
        free = max(self._next_shared, now)
        late = free - now > QUEUE_FOR.total_seconds()
        return None if late or not network or network in self._waiting else free

    def _serves(self, number: int, at: float, now: float) -> bool:
        """Whether a turn may still be used: once, and for so long after its moment."""
        return now <= at + TURN_FOR.total_seconds() and number not in self._spent

    def _write(self, number: int, milli: int) -> str:
        said = f"{number}.{milli}"
        return f"{said}.{self._seal(said)}"

    def _read(self, held: str) -> tuple[int, float] | None:
        """Number and moment of a turn that this process gave; None of anything else."""
        found = _WRITTEN.fullmatch(held)
        if found is None or not held.isascii():
            return None
        if not hmac.compare_digest(self._seal(f"{found[1]}.{found[2]}"), found[3]):
            return None
        return int(found[1]), int(found[2]) / _MILLI

    def _seal(self, said: str) -> str:
        return hmac.digest(self._key, said.encode(), "sha256")[:16].hex()
