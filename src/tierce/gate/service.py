"""The gate at work: asks gather while the previous batch commits, are decided together, and answered after.

The numbers in comments are those of ARCHITECTURE.md, "one disclosure". A crash before the commit answers nobody
and writes nothing; a crash after it leaves lines for answers that were never given: it over-reports, never
under-reports. Nothing is ever answered whose line is not on disk.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.gate.errors import GateBusyError, GateClosedError, GateError, NotAnsweredError
from tierce.gate.model import Answer, Ask, PairSeen, Read, Refuse, Release, StepUp, Verdict
from tierce.gate.rules import LOOKED_UP, decide, evidence_of, seen
from tierce.gate.store import LOST, ROW_REFUSED, TRANSIENT, Closing, GateStore, Opened
from tierce.gate.tally import Tally
from tierce.journal.encoding import encode
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry, EntryKind, fresh_salt
from tierce.journal.signing import entry_seq, sign_batch
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros, ordinal_of, paris_day
from tierce.kernel.ids import NOBODY, EntrySeq, InsurerId, LineId
from tierce.policy.acts import Act, Outcome
from tierce.policy.floors import BATCH_MAX
from tierce.policy.rights import engagement_until
from tierce.policy.seats import effective_limit

QUEUE_MAX = 2_000
LINE_WAITING_MAX = 64
"""Asks of one line of seats that may wait at once: nobody fills the queue alone and turns her neighbours away."""
WAIT_SECONDS_MAX = 2.0
TRIES_MAX = 3
SPENT_MAX = 100_000
"""Lines out of attempts that are remembered; beyond, the journal and the database say it again."""
NO_ENTRY = EntrySeq(0)
"""The number of an answer that has no line of its own."""
BATCH_SECONDS_MAX = 5.0
"""A batch that takes longer is given up with its connection: what it wrote, if anything, over-reports."""
_log = logging.getLogger(__name__)
RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Step(Protocol):
    """Called at each step of a batch; production does nothing, fault tests kill the connection there."""

    async def __call__(self, step_name: str) -> None:
        """Receive the name of the step about to begin."""
        ...


async def _no_step(step_name: str) -> None:
    """Do nothing: production."""


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    since: float
    answer: asyncio.Future[Answer]


class Gate:
    """One lane: a queue and one slot with its own connection."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[GateStore]],
        instance: int,
        key: Ed25519PrivateKey,
        clock: Clock,
        policy: bytes,
        *,
        step: Step = _no_step,
        tally: Tally | None = None,
    ) -> None:
        """Sign batches as `instance`; `policy` is the 16-byte digest of the rendered policy."""
        self._connect = connect
        self._instance = instance
        self._key = key
        self._clock = clock
        self._policy = policy
        self._step = step
        self._queue: deque[_Waiting] = deque()
        self._of_line: Counter[LineId] = Counter()
        self._some = asyncio.Event()
        self._store: GateStore | None = None
        self.since = 0
        """The second in which the present connection was opened. A crash of the database forgets which proofs were
        used and closes every connection: a proof made before this one may have been used already."""
        self._task: asyncio.Task[None] | None = None
        self._spent: dict[LineId, int] = {}
        self.tally = tally or Tally()

    async def start(self) -> None:
        """Connect and begin to serve."""
        self._store = await self._connect()
        self.since = int(self._clock.now().timestamp())
        self._task = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        """Stop serving; what still waits is refused."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._refuse(self._queue, GateClosedError())
        self._queue.clear()
        if self._store:
            await self._store.close_connection()

    @property
    def open(self) -> bool:
        """Whether a connection stands; when it does not, asks are refused at once."""
        return self._store is not None

    @property
    def waiting(self) -> int:
        """How many asks wait."""
        return len(self._queue)

    def shed(self) -> None:
        """Refuse before any signature is verified, when full or closed."""
        if self._store is None:
            raise GateClosedError
        if len(self._queue) >= QUEUE_MAX:
            raise GateBusyError

    async def ask(self, ask: Ask) -> Answer:
        """Queue one ask and wait for its answer.

        Raises:
            GateBusyError: too many asks wait, of everybody or of this line, or this one waited too long.
            GateClosedError: the database is out of reach.
            NotAnsweredError: the ask could not be written, so it was not answered.
        """
        self.shed()
        spent = self._spent.get(ask.caller.line)
        if spent is not None and spent == paris_day(self._clock.now()):
            # The journal already says that this line's attempts of the day are used up; nothing is looked up.
            return Answer(Refuse(Outcome.OUT_OF_ATTEMPTS, spent + 1), NO_ENTRY, None)
        if self._of_line[ask.caller.line] >= LINE_WAITING_MAX:
            raise GateBusyError
        waiting = _Waiting(ask, perf_counter(), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._of_line[ask.caller.line] += 1
        self._some.set()
        try:
            return await waiting.answer
        finally:
            self._of_line[ask.caller.line] -= 1
            if not self._of_line[ask.caller.line]:
                del self._of_line[ask.caller.line]

    async def _serve(self) -> None:
        while True:
            await self._some.wait()
            batch = self._take()
            if not batch:
                self._some.clear()
                continue
            try:
                # Not wait_for: on Python 3.11 it may swallow the cancellation of `stop`.
                async with asyncio.timeout(BATCH_SECONDS_MAX):
                    await self._attempt(batch, 0)
            except (*LOST, TimeoutError):
                # The outcome of the commit is unknown: the lines may exist, so nothing is retried.
                self._refuse(batch, GateClosedError())
                await self._reconnect()
            except Exception as error:  # noqa: BLE001 - a lane that died would leave every later ask waiting
                _log.error("a batch failed in an unforeseen way: %s", type(error).__name__)
                self._refuse(batch, NotAnsweredError())
                await self._reconnect()

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        late = perf_counter() - WAIT_SECONDS_MAX
        once = set()
        while self._queue and len(batch) < BATCH_MAX:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue
            if waiting.since < late:
                self._refuse([waiting], GateBusyError())
            elif waiting.ask.once is not None and waiting.ask.once in once:
                self._refuse([waiting], NotAnsweredError("the same signed proof was sent twice"))
            else:
                once.add(waiting.ask.once)
                batch.append(waiting)
        return batch

    async def _attempt(self, batch: list[_Waiting], tries: int) -> None:
        store = self._store
        if store is None:
            raise GateClosedError
        try:
            await self._batch(store, batch)
        except TRANSIENT:
            await store.rollback()
            self.tally.add_retry()
            if tries >= TRIES_MAX:
                self._refuse(batch, NotAnsweredError())
            else:
                await self._attempt(batch, tries + 1)
        except (*ROW_REFUSED, ValueError, KeyError) as error:
            # One ask that the database or the rules refuse never fails its neighbours: halve and go on.
            await store.rollback()
            if len(batch) == 1:
                self._refuse(batch, NotAnsweredError(_safe(error)))
            else:
                middle = len(batch) // 2
                await self._attempt(batch[:middle], tries)
                await self._attempt(batch[middle:], tries)

    async def _batch(self, store: GateStore, batch: list[_Waiting]) -> None:
        asks = [waiting.ask for waiting in batch]
        started = perf_counter()
        await self._step("open")
        opened = await store.open(asks)  # 3. read state
        read = perf_counter()
        await self._step("decide")
        day = paris_day(self._clock.now())
        verdicts, closing = self._decide(opened, asks, day)  # 4, 5. decide and minimise
        decided = perf_counter()
        await self._step("close")
        revealed = await store.close(closing)  # 6, 7. write, commit, then reveal
        await self._step("answer")
        for n, (waiting, verdict) in enumerate(zip(batch, verdicts, strict=True)):
            seq = entry_seq(opened.block, n)
            answer = Answer(verdict.decision, seq, revealed.get(n))
            if isinstance(verdict.decision, Release):
                if answer.revealed is None:
                    # Cover ended between decision and reveal: the line stands (it over-reports), nothing is shown.
                    answer = Answer(StepUp(Outcome.NOT_COVERED), seq, None)
                else:
                    answer = replace(answer, others=opened.reads[n].others, engaged_until=closing.untils[n])
            if verdict.outcome is Outcome.OUT_OF_ATTEMPTS:
                self._remember_spent(waiting.ask.caller.line, day)
            if not waiting.answer.done():
                waiting.answer.set_result(answer)  # 8. answer
        spent = (read - started, decided - read, perf_counter() - decided)
        self.tally.add_batch([verdict.outcome for verdict in verdicts], spent)

    def _remember_spent(self, line: LineId, day: int) -> None:
        """Refuse the line at the door until tomorrow: a flood must not fill the journal with one same refusal."""
        if len(self._spent) >= SPENT_MAX:
            self._spent.clear()
        self._spent[line] = day

    def _decide(self, opened: Opened, asks: Sequence[Ask], day: int) -> tuple[list[Verdict], Closing]:
        """Decide the asks in order: the second mention of a person in a batch is a known pair."""
        lines = dict(opened.lines)
        reads: dict[int, Read] = {}
        verdicts = []
        pairs: dict[int, tuple[PairSeen, LineId, LineId]] = {}
        for ask, read_first in zip(asks, opened.reads, strict=True):
            read = read_first
            if read.pair in reads:
                read = _as_left(read, reads[read.pair])
            line = ask.caller.line
            verdict = decide(ask, read, lines[line], day)
            lines[line] = verdict.line
            pair = verdict.pair
            if pair is not None and pair.key != 0:
                before = pairs.get(pair.key)
                # The line that took the seat keeps it, whoever of the batch sees the person after.
                holder = before[1] if before is not None and before[0] == pair else line
                reads[pair.key] = seen(read, pair, day, line)
                pairs[pair.key] = (pair, holder, line)
            verdicts.append(verdict)
        bodies = [
            encode(self._entry(ask, read, verdict))
            for ask, read, verdict in zip(asks, opened.reads, verdicts, strict=True)
        ]
        leaves = [leaf_hash(body) for body in bodies]
        closing = Closing(
            self._instance,
            sign_batch(self._key, self._instance, opened.block, leaves),
            lines,
            pairs,
            asks,
            [read.pair for read in opened.reads],
            [_engaged_until(ask, read) for ask, read in zip(asks, opened.reads, strict=True)],
            bodies,
            day,
        )
        return verdicts, closing

    def _entry(self, ask: Ask, read: Read, verdict: Verdict) -> Entry:
        decision = verdict.decision
        fields = DataCategory.NONE
        if isinstance(decision, Release):
            fields = decision.fields
        elif isinstance(decision, StepUp) and decision.precise and read.insurer:
            fields = DataCategory.GUARANTEES  # a reason that is said tells something of one insurer's cover
        caller = ask.caller
        refused = not isinstance(decision, Release | StepUp)
        return Entry(
            kind=_kind(ask, verdict),
            act=ask.act,
            lane=ask.lane,
            outcome=verdict.outcome,
            presence=ask.presence,
            evidence=evidence_of(verdict.line),
            domain=ask.domain,
            time_us=micros(self._clock.now()),
            professional=caller.professional,
            establishment=caller.establishment,
            session=caller.session,
            device=caller.device,
            activity=caller.activity,
            software=caller.software,
            vendor=caller.vendor,
            insurer=read.insurer if fields else InsurerId(0),
            seats_after=max(0, effective_limit(verdict.line) - verdict.line.open),
            network=caller.network,
            person=NOBODY if refused else read.person,
            categories=fields,
            policy=self._policy,
            reference=ordinal_of(read.from_day) if isinstance(decision, Release) else 0,
            salt=ask.mark or fresh_salt(),
        )

    def _refuse(self, batch: Sequence[_Waiting] | deque[_Waiting], error: GateError) -> None:
        for waiting in batch:
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    async def _reconnect(self) -> None:
        broken, self._store = self._store, None
        self._refuse(self._queue, GateClosedError())
        self._queue.clear()
        if broken is not None:
            with suppress(*LOST):
                await broken.close_connection()
        tries = 0
        while self._store is None:
            await asyncio.sleep(RECONNECT_SECONDS[min(tries, len(RECONNECT_SECONDS) - 1)])
            tries += 1
            try:
                self._store = await self._connect()
            except LOST:
                continue
        self.since = int(self._clock.now().timestamp())


def _as_left(read: Read, earlier: Read) -> Read:
    """The pair as an earlier ask of the same batch leaves it; the session and person are this ask's own."""
    return replace(
        read, pair=earlier.pair, pair_state=earlier.pair_state, pair_day=earlier.pair_day,
        seen_day=earlier.seen_day, seen_line=earlier.seen_line,
    )  # fmt: skip


def _engaged_until(ask: Ask, read: Read) -> int:
    """The last day of the engagement: that of the first answer when one is opened again."""
    return read.engaged_until or engagement_until(ask.domain, ask.care_day)


def _kind(ask: Ask, verdict: Verdict) -> EntryKind:
    if verdict.outcome is Outcome.RELEASED:
        return EntryKind.REVISIT if ask.act is Act.RIGHTS_REVISIT else EntryKind.DISCLOSURE
    if verdict.outcome in LOOKED_UP:
        return EntryKind.MISS
    return EntryKind.REFUSAL


def _safe(error: Exception) -> str:
    """Say why in words that hold no value: the database's own message of a floor or ceiling, else the type."""
    diagnostic = getattr(error, "diag", None)
    return (diagnostic.message_primary if diagnostic else None) or type(error).__name__
