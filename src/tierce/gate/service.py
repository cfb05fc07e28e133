"""The gate at work: two lanes over the same ledgers, and the door that refuses before anything is looked up.

Interactive asks and the work of declared robots wait in queues of their own, on connections of their own; the seats,
floors and ceilings are in the database and the same for both. Nothing is ever answered whose line is not on disk.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.gate.deciding import Decider
from tierce.gate.lane import Coming, Lane, Size, Step, no_step
from tierce.gate.leases import Leases
from tierce.gate.model import Answer, Ask, Refuse
from tierce.gate.store import GateStore
from tierce.gate.tally import Tally
from tierce.kernel.clock import Clock, paris_day
from tierce.kernel.ids import EntrySeq, LineId
from tierce.policy import acts
from tierce.policy.acts import Outcome
from tierce.policy.floors import BATCH_MAX

BULK_BATCH_MAX = 16
"""Asks in a batch of the bulk lane: an interactive ask that comes while one is decided waits for so many at most."""
SPENT_MAX = 100_000
"""Lines out of attempts that are remembered; beyond, the journal and the database say it again."""
NO_ENTRY = EntrySeq(0)
"""The number of an answer that has no line of its own."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many asks may wait in each lane, and for how long."""

    queue: int = 2_000
    bulk_queue: int = 512
    wait_seconds: float = 2.0
    gather_seconds: float = 0.005
    """How long a batch waits at most, at a time, for asks that are being read and verified in this process: half of
    what a small batch costs is the same for a large one. Alone, an ask waits for nobody."""
    bulk_patience_seconds: float = 0.25
    """The bulk lane begins no batch while an interactive ask waits or is being answered, except one in so long: slow,
    never starved."""


BOUNDS = Bounds()


class Gate:
    """The gate of one process."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[GateStore]],
        instance: int,
        key: Ed25519PrivateKey,
        clock: Clock,
        policy: bytes,
        *,
        slots: int = 1,
        bounds: Bounds = BOUNDS,
        step: Step = no_step,
        tally: Tally | None = None,
    ) -> None:
        """Sign batches as `instance`; `policy` is the 16-byte digest of the rendered policy.

        `slots` connections serve the interactive lane, one the bulk lane.
        """
        self._clock = clock
        self._spent: dict[LineId, int] = {}
        self.tally = tally or Tally()
        self.coming = Coming()
        leases = Leases()
        decider = Decider(instance, key, clock, policy, leases)
        self._interactive = Lane(
            connect, decider, leases, clock,
            Size(slots, bounds.queue, BATCH_MAX, bounds.wait_seconds, bounds.gather_seconds),
            spend=self._remember_spent, tally=self.tally, step=step, coming=self.coming,
        )  # fmt: skip
        self._bulk = Lane(
            connect, decider, leases, clock,
            Size(1, bounds.bulk_queue, BULK_BATCH_MAX, bounds.wait_seconds, bounds.gather_seconds),
            spend=self._remember_spent, tally=self.tally, step=step, coming=self.coming,
            after=self._interactive, patience_seconds=bounds.bulk_patience_seconds,
        )  # fmt: skip

    async def start(self) -> None:
        """Connect and begin to serve."""
        await self._interactive.start()
        await self._bulk.start()

    async def stop(self) -> None:
        """Stop serving; what still waits is refused."""
        await self._bulk.stop()
        await self._interactive.stop(give_back=True)

    @property
    def open(self) -> bool:
        """Whether interactive asks can be answered."""
        return self._interactive.open

    @property
    def waiting(self) -> int:
        """How many asks wait, in both lanes."""
        return self._interactive.waiting + self._bulk.waiting

    def renew(self) -> None:
        """Connect anew before the next batch: whoever saw the database come back knows the connections are dead."""
        self._interactive.renew()
        self._bulk.renew()

    def shed(self, lane: acts.Lane = acts.Lane.INTERACTIVE) -> None:
        """Refuse before any signature is verified, when the lane is full or closed."""
        self._lane(lane).shed()

    async def ask(self, ask: Ask) -> Answer:
        """Queue one ask in its lane and wait for its answer.

        Raises:
            GateBusyError: too many asks wait, of everybody or of this line, or this one waited too long.
            GateClosedError: the database is out of reach.
            NotAnsweredError: the ask could not be written, so it was not answered.
            ProofRefusedError: the proof is older than the connection that would tell whether it was used.
        """
        lane = self._lane(ask.lane)
        lane.shed()
        if self.is_spent(ask.caller.line):
            # The journal already says that this line's attempts of the day are used up; nothing is looked up.
            return Answer(Refuse(Outcome.OUT_OF_ATTEMPTS, self._spent[ask.caller.line] + 1), NO_ENTRY, None)
        return await lane.ask(ask)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Surround a wait of somebody who has her decision already: no batch waits for her meanwhile."""
        self.coming.leave()
        try:
            yield
        finally:
            self.coming.enter()

    def is_spent(self, line: LineId) -> bool:
        """Whether this process told the line that its attempts of the day are used up."""
        return line in self._spent and self._spent[line] == paris_day(self._clock.now())

    def _lane(self, lane: acts.Lane) -> Lane:
        return self._bulk if lane is acts.Lane.BULK else self._interactive

    def _remember_spent(self, line: LineId, day: int) -> None:
        """Refuse the line at the door until tomorrow: a flood must not fill the journal with one same refusal."""
        if len(self._spent) >= SPENT_MAX:
            self._spent.clear()
        self._spent[line] = day
