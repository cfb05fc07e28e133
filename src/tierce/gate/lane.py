"""One lane of the gate: a queue, and slots that serve it in batches, each on a connection of its own.

Asks gather while the previous batch commits, and a batch waits shortly for those on the way: alone, an ask waits for
nobody. The numbers in comments are those of ARCHITECTURE.md, "one disclosure". A crash before the commit answers
nobody and writes nothing; a crash after it leaves lines for answers that were never given: it over-reports, never
under-reports.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from tierce.gate.deciding import Decider
from tierce.gate.errors import GateBusyError, GateClosedError, GateError, NotAnsweredError
from tierce.gate.leases import Draw, Leases
from tierce.gate.model import Answer, Ask, AskInsurer, Release, Revealed, StepUp, Verdict
from tierce.gate.store import IN_VAIN, LOST, ROW_REFUSED, TRANSIENT, GateStore, Opened, lease_is_short
from tierce.gate.tally import Tally
from tierce.identity.errors import ProofReason, ProofRefusedError
from tierce.journal.signing import entry_seq
from tierce.kernel.clock import Clock, paris_day
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import LineId
from tierce.policy.acts import Outcome

LINE_WAITING_MAX = 64
"""Asks of one line of seats that may wait at once: nobody fills the queue alone and turns her neighbours away."""
TRIES_MAX = 3
JITTER_MS = 4
"""A batch that the database undid is tried again after 0 to 4 ms, 8 the second time, 16 the third: two batches that
met once must not meet again."""
GATHER_TURNS = 3
GATHER_WORTH = 4
"""A batch waits `Size.gather_seconds` for whoever is on the way, three times in all, while each wait brought it four
asks at least: a process that is full verifies for longer than one wait, and whoever only holds a connection open
brings nothing."""
LEND_TURNS = 3
"""Times that a batch draws from lines that many share before it says one is full: the other lanes spend them too."""
BATCH_SECONDS_MAX = 5.0
"""A batch that takes longer is given up with its connection: what it wrote, if anything, over-reports."""
STUCK_SECONDS = 2 * BATCH_SECONDS_MAX
"""A lane whose last batch was given up is stuck for so long, unless one is answered meanwhile. That a connection
stands tells nothing of a table that somebody else has locked. Whoever waits behind such a batch is told that it is
closed, and may deposit, rather than to try again for as long as the lock is held."""
RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_log = logging.getLogger(__name__)


class Step(Protocol):
    """Called at each step of a batch; production does nothing, fault tests act there."""

    async def __call__(self, step_name: str) -> None:
        """Receive the name of the step about to begin."""
        ...


async def no_step(step_name: str) -> None:
    """Do nothing: production."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much one lane holds: slots, asks waiting, asks in a batch, and the seconds that an ask may wait.

    `gather_seconds` is how long a batch waits for asks that are being read and verified in this process.
    """

    slots: int
    queue: int
    batch: int
    wait_seconds: float
    gather_seconds: float


class Coming:
    """How many asks are being read and verified, and have not reached the queue."""

    def __init__(self) -> None:
        """Nobody is on the way."""
        self.count = 0
        self._settled = asyncio.Event()

    def enter(self) -> None:
        """One more is on the way, or has its answer and is about to leave."""
        self.count += 1

    def leave(self) -> None:
        """One less: it waits in the queue, or has left. Below zero while one waits whom nobody had announced."""
        self.count -= 1
        if self.count <= 0:
            self._settled.set()

    def enough(self) -> None:
        """Wait for nobody more: a batch is full."""
        self._settled.set()

    async def settled(self) -> None:
        """Wait until nobody is on the way, or a batch is full."""
        self._settled.clear()
        await self._settled.wait()


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    since: float
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Slot:
    """One connection, and the first second of which a signed proof may be new (`GateStore.proofs_since`)."""

    store: GateStore | None = None
    since: int = 0
    stale: bool = False
    """The connection is known to be dead: another is opened before the next batch."""


class Lane:
    """A queue and its slots."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[GateStore]],
        decider: Decider,
        leases: Leases,
        clock: Clock,
        size: Size,
        *,
        spend: Callable[[LineId, int], None],
        tally: Tally,
        step: Step = no_step,
        after: "Lane | None" = None,
        patience_seconds: float = 0.0,
        coming: "Coming",
    ) -> None:
        """Serve a queue of `size`; `spend` is told of lines out of attempts.

        `coming` counts the asks on their way to any lane of the process. With `after`, a batch begins only when
        nobody waits and nobody is being answered in that lane, or after `patience_seconds`.
        """
        self._connect = connect
        self._decider = decider
        self._leases = leases
        self._clock = clock
        self._size = size
        self._spend = spend
        self._tally = tally
        self._step = step
        self._after = after
        self._patience = patience_seconds
        self._coming = coming
        self._queue: deque[_Waiting] = deque()
        self._of_line: dict[LineId, int] = {}
        self._some = asyncio.Event()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._slots = [_Slot() for _ in range(size.slots)]
        self._standing = 0
        self._given_up: float | None = None
        """When a batch was last given up; None once one was answered."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect every slot and begin to serve."""
        for slot in self._slots:
            await self._open_slot(slot)
        self._tasks = [asyncio.create_task(self._serve(slot)) for slot in self._slots]

    async def stop(self, *, give_back: bool = False) -> None:
        """Stop serving; what still waits is refused. `give_back` what this process holds of common lines."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A task keeps where it was cancelled: a connection half open, which the server would wait for a minute.
        self._tasks.clear()
        self._empty(GateClosedError())
        for slot in self._slots:
            if slot.store is not None:
                if give_back:
                    with suppress(*LOST):  # a connection cut in the middle of a batch gives nothing back
                        await self._lend(slot.store, self._leases.all_back())
                await slot.store.close_connection()

    @property
    def open(self) -> bool:
        """Whether a connection stands, and batches are answered on it."""
        return self._standing > 0 and not self._stuck

    @property
    def _stuck(self) -> bool:
        return self._given_up is not None and perf_counter() - self._given_up < STUCK_SECONDS

    @property
    def waiting(self) -> int:
        """How many asks wait."""
        return len(self._queue)

    def renew(self) -> None:
        """Open every connection anew before the next batch."""
        for slot in self._slots:
            slot.stale = True
        self._some.set()

    def shed(self) -> None:
        """Refuse before any signature is verified, when full or closed."""
        if not self._standing:
            raise GateClosedError
        if len(self._queue) >= self._size.queue:
            raise self._too_late()

    def _too_late(self) -> GateError:
        """What is told to who was not opened: to try again or, behind a batch given up, that it is closed."""
        return GateClosedError() if self._stuck else GateBusyError()

    async def ask(self, ask: Ask) -> Answer:
        """Queue one ask, which `shed` has let in, and wait for its answer."""
        line, of_line = ask.caller.line, self._of_line
        others = of_line.get(line, 0)
        if others >= LINE_WAITING_MAX:
            raise GateBusyError
        waiting = _Waiting(ask, perf_counter(), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        of_line[line] = others + 1
        self._some.set()
        self._idle.clear()
        self._coming.leave()
        if len(self._queue) >= self._size.batch:
            self._coming.enough()
        try:
            return await waiting.answer
        finally:
            self._coming.enter()
            others = of_line.pop(line) - 1
            if others:
                of_line[line] = others

    async def _serve(self, slot: _Slot) -> None:
        while True:
            await self._some.wait()
            await self._give_way()
            await self._gather()
            if slot.stale:
                await self._renewed(slot)
            batch = self._take(slot)
            if not batch:
                continue
            try:
                await self._first_attempt(slot, batch)
            except (*LOST, TimeoutError) as error:
                # The outcome of the commit is unknown: the lines may exist, so nothing is retried.
                if isinstance(error, IN_VAIN):  # a connection that was cut says nothing of the next one
                    self._given_up = perf_counter()
                _refuse(batch, GateClosedError())
                await self._reconnect(slot)
            except Exception as error:  # noqa: BLE001 - a slot that died would leave later asks waiting
                _log.error("a batch failed in an unforeseen way: %s", type(error).__name__)
                _refuse(batch, NotAnsweredError())
                await self._reconnect(slot)

    async def _first_attempt(self, slot: _Slot, batch: list[_Waiting]) -> None:
        self._under_way += 1
        try:
            # Not wait_for: on Python 3.11 it may swallow the cancellation of `stop`.
            async with asyncio.timeout(BATCH_SECONDS_MAX):
                await self._attempt(slot, batch, 0)
        finally:
            self._under_way -= 1
            self._rest()

    def _rest(self) -> None:
        """Tell the lane that gives way to this one, when nobody waits here and nobody is being answered."""
        if not self._queue and not self._under_way:
            self._idle.set()

    async def _give_way(self) -> None:
        if self._after is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._after._idle.wait()

    async def _gather(self) -> None:
        """Wait a little for whoever is on the way: see GATHER_TURNS."""
        for _ in range(GATHER_TURNS):
            had = len(self._queue)
            if self._coming.count <= 0 or had >= self._size.batch:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._size.gather_seconds):
                    await self._coming.settled()
            if len(self._queue) - had < GATHER_WORTH:
                return

    def _take(self, slot: _Slot) -> list[_Waiting]:
        """Take what waits: whoever is gone is dropped, the late and the stale are refused unopened.

        A signed proof goes once in a batch: the next one finds it used, and where its answer is.
        """
        batch: list[_Waiting] = []
        again: list[_Waiting] = []
        late = perf_counter() - self._size.wait_seconds
        once = set()
        while self._queue and len(batch) < self._size.batch:
            waiting = self._queue.popleft()
            ask = waiting.ask
            if waiting.answer.done():
                continue
            if waiting.since < late:
                _refuse([waiting], self._too_late())
            elif ask.once is not None and ask.issued < slot.since:
                _refuse([waiting], ProofRefusedError(ProofReason.ISSUED))
            elif ask.once is not None and ask.once in once:
                again.append(waiting)
            else:
                once.add(ask.once)
                batch.append(waiting)
        self._queue.extendleft(reversed(again))
        if not self._queue:
            self._some.clear()
            if not batch:
                self._rest()
        return batch

    async def _attempt(self, slot: _Slot, batch: list[_Waiting], tries: int, *, leased: bool = False) -> None:
        store = slot.store
        if store is None:
            raise GateClosedError
        try:
            if not leased and store.leased < len(batch):
                await store.lease()
            await self._lend(store, self._leases.low(paris_day(self._clock.now())))
            for turn in range(LEND_TURNS + 1):
                draws = await self._batch(store, batch, told=turn == LEND_TURNS)
                if not draws:
                    break
                await store.rollback()
                await self._lend(store, draws)
        except TRANSIENT:
            await store.rollback()
            self._tally.add_retry()
            if tries >= TRIES_MAX:
                self._given_up = perf_counter()
                _refuse(batch, NotAnsweredError())
            else:
                await asyncio.sleep(secrets.randbelow(JITTER_MS << tries) / 1000)
                await self._attempt(slot, batch, tries + 1)
        except (*ROW_REFUSED, ValueError, KeyError) as error:
            await store.rollback()
            if lease_is_short(error) and not leased:
                # The minute ended meanwhile: a new lease, and the same batch once more.
                await store.lease()
                await self._attempt(slot, batch, tries, leased=True)
            elif len(batch) == 1:
                _refuse(batch, NotAnsweredError(_safe(error)))
            else:
                # One ask that the database or the rules refuse never fails its neighbours: halve and go on.
                middle = len(batch) // 2
                await self._attempt(slot, batch[:middle], tries, leased=leased)
                await self._attempt(slot, batch[middle:], tries, leased=leased)

    async def _lend(self, store: GateStore, draws: Sequence[Draw]) -> None:
        """Draw from lines that many share, while no batch is under way on this connection."""
        if draws:
            self._leases.add(draws, *await store.lend(draws))

    async def _batch(self, store: GateStore, batch: list[_Waiting], *, told: bool = False) -> list[Draw]:
        """Decide and answer; or, unless `told`, only say what must first be drawn from lines that many share."""
        asks = [waiting.ask for waiting in batch]
        started = perf_counter()
        await self._step("open")
        opened = await store.open(asks)  # 3. read state
        read = perf_counter()
        await self._step("decide")
        day = paris_day(self._clock.now())
        verdicts, closing = self._decider.decide(opened, asks, day)  # 4, 5. decide and minimise
        if closing.short and not told:
            draws = self._leases.short(closing.short, day)
            if draws:
                self._leases.undo(closing.taken, day)
                return draws
        decided = perf_counter()
        await self._step("close")
        try:
            revealed = await store.close(closing)  # 6, 7. write, commit, then reveal
        except (*TRANSIENT, *ROW_REFUSED):
            self._leases.undo(closing.taken, day)  # undone whole; where the end is not known, the units are spent
            raise
        await self._step("answer")
        for n, (waiting, verdict) in enumerate(zip(batch, verdicts, strict=True)):
            if verdict.outcome is Outcome.OUT_OF_ATTEMPTS:
                self._spend(waiting.ask.caller.line, day)
            if not waiting.answer.done():
                answer = _answer(opened, n, verdict, revealed.get(n), closing.untils[n])
                if isinstance(verdict.decision, AskInsurer):
                    answer.line = closing.bodies[n]
                waiting.answer.set_result(answer)  # 8. answer
        self._given_up = None
        spent = (read - started, decided - read, perf_counter() - decided)
        self._tally.add_batch([verdict.outcome for verdict in verdicts], spent)
        return []

    def _empty(self, error: GateError) -> None:
        _refuse(self._queue, error)
        self._queue.clear()
        self._some.clear()
        self._rest()

    async def _open_slot(self, slot: _Slot) -> None:
        slot.stale = False
        store = await self._connect()
        try:
            slot.since = await store.proofs_since()
        except BaseException:
            with suppress(*LOST):
                await store.close_connection()
            raise
        slot.store = store
        self._standing += 1

    async def _reopened(self, slot: _Slot) -> bool:
        with suppress(*LOST):
            await self._open_slot(slot)
            return True
        return False

    async def _renewed(self, slot: _Slot) -> None:
        """Put another connection in the place of one that is said to be dead.

        Whoever asks meanwhile waits for it, as long as an ask may; where nothing answers, the lane closes.
        """
        old, opened = slot.store, False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._size.wait_seconds):
                opened = await self._reopened(slot)
        if not opened:
            await self._reconnect(slot)
        elif old is not None:
            self._standing -= 1
            with suppress(*LOST):
                await old.close_connection()

    async def _reconnect(self, slot: _Slot) -> None:
        broken, slot.store = slot.store, None
        self._standing -= broken is not None
        if not self._standing:
            self._empty(GateClosedError())
        if broken is not None:
            with suppress(*LOST):
                await broken.close_connection()
        tries = 0
        await asyncio.sleep(RECONNECT_SECONDS[0])
        while not await self._reopened(slot):
            tries += 1
            await asyncio.sleep(RECONNECT_SECONDS[min(tries, len(RECONNECT_SECONDS) - 1)])


def _answer(opened: Opened, place: int, verdict: Verdict, revealed: Revealed | None, engaged_until: int) -> Answer:
    seq = entry_seq(opened.block, place)
    if isinstance(verdict.decision, AskInsurer):
        distant = opened.reads[place].distant
        contracted = distant is not None and distant.contracted
        return Answer(verdict.decision, seq, None, engaged_until=engaged_until, contracted=contracted)
    if not isinstance(verdict.decision, Release):
        return Answer(verdict.decision, seq, None)
    if revealed is None:
        # Cover ended between decision and reveal: the line stands (it over-reports), nothing is shown.
        return Answer(StepUp(Outcome.NOT_COVERED), seq, None)
    return Answer(verdict.decision, seq, revealed, opened.reads[place].others, engaged_until)


def _refuse(batch: Iterable[_Waiting], error: TierceError) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def _safe(error: Exception) -> str:
    """Say why in words that hold no value: the database's own message of a floor or ceiling, else the type."""
    diagnostic = getattr(error, "diag", None)
    return (diagnostic.message_primary if diagnostic else None) or type(error).__name__
