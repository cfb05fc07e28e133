"""Ask an insurer on the way: the gate's line is on disk before the call, what came of it before the answer.

No transaction, lock or connection of the database is held while an insurer is waited for. Whoever names one is
answered at the end of a slot, whatever happened: an insurer's own time tells nobody whom it knows (docs/adr/0108).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.gate.errors import GateBusyError
from tierce.gate.model import Answer, AskInsurer, Refuse
from tierce.kernel.clock import Clock
from tierce.kernel.ids import InsurerId, LineId
from tierce.policy.acts import Outcome
from tierce.policy.remote import ANSWER_BYTES_MAX, ANSWER_SECONDS, LINE_ASKS_MAX, WRITE_SECONDS
from tierce.rights.remote.breaker import Breaker
from tierce.rights.remote.errors import Failure, InsurerAwayError, NoAnswerError
from tierce.rights.remote.model import Asked, Cover, Declared, Said, Settled
from tierce.rights.remote.rules import claims_of, read_answer, slot_of
from tierce.rights.remote.signing import ANSWER, ASK, MEDIA, sign, verified
from tierce.rights.remote.store import Answers

_HEADERS = {"content-type": MEDIA, "accept": MEDIA}
_log = logging.getLogger(__name__)


class Ticks(Protocol):
    """A monotonic clock that can be waited on."""

    def now(self) -> float:
        """Seconds since some instant."""
        ...

    async def until(self, at: float) -> None:
        """Wait until that instant."""
        ...


class RealTicks:
    """That of the machine."""

    def now(self) -> float:
        """Seconds since some instant."""
        return time.monotonic()

    async def until(self, at: float) -> None:
        """Wait until that instant."""
        await asyncio.sleep(max(0.0, at - self.now()))


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer comes to here; the sealed record of what is shown, with `cover`."""

    outcome: Outcome
    cover: Cover | None = None
    sealed: bytes | None = None


Judge = Callable[[Said, Answer], Judged]
"""Holds what an insurer said to what it declared here. Raises NoAnswerError."""


@dataclass(slots=True)
class _Lane:
    """One insurer: its own connections, its own limits, what it did lately."""

    http: httpx.AsyncClient
    breaker: Breaker = field(default_factory=Breaker)
    of_line: Counter[LineId] = field(default_factory=Counter)
    answered: int = 0
    failed: int = 0
    how: Failure | None = None
    was_away: bool = False


class Insurers:
    """Those that keep their people themselves, as one process asks them."""

    def __init__(
        self,
        answers: Answers,
        key: Ed25519PrivateKey,
        clock: Clock,
        client: Callable[[], httpx.AsyncClient],
        *,
        pause: Callable[[], AbstractContextManager[None]],
        say_away: Callable[[InsurerId], None],
        ticks: Ticks | None = None,
    ) -> None:
        """Sign asks with `key`; `client` opens the connections of one insurer, of which no answer is read too long.

        `pause` surrounds the wait for a slot: a batch of the gate waits for nobody who waits there. `say_away` hears
        of an insurer that somebody is told is away: deposits are taken.
        """
        self._answers = answers
        self._key = key
        self._clock = clock
        self._client = client
        self._pause = pause
        self._say_away = say_away
        self._ticks = ticks or RealTicks()
        self._lanes: dict[InsurerId, _Lane] = {}
        self._works: set[asyncio.Task[Settled]] = set()

    async def ask(
        self,
        whom: Declared,
        line: LineId,
        decide: Callable[[], Awaitable[Answer]],
        question: Callable[[Answer], Asked],
        judge: Judge,
    ) -> tuple[Answer, Settled | None]:
        """Have the gate decide, ask the insurer if it says so, and return at the end of the slot.

        Returns:
            The gate's answer, and what came of the call; None when there was none, or nothing of it is on disk yet.

        Raises:
            InsurerAwayError: it is not asked for now, whomever one names.
            GateBusyError: too many asks are under way, of this line of seats or about this insurer.
            GateError: the gate could not answer.
        """
        lane = self._lane(whom)
        with self._turn(whom, lane, line):
            begun = self._ticks.now()
            answer = await decide()
            if isinstance(answer.decision, Refuse):
                return answer, None  # said plainly: it depends on nobody
            slot = slot_of(begun, self._ticks.now())
            work = None
            if isinstance(answer.decision, AskInsurer):
                call = self._judged(whom, lane, line, answer, question=question, judge=judge, begun=begun)
                work = asyncio.create_task(self._settled(answer, call, begun))
                self._works.add(work)
                work.add_done_callback(self._over)
            with self._pause():
                await self._ticks.until(slot)
            if work is None or not work.done() or work.cancelled() or work.exception() is not None:
                return answer, None
            return answer, work.result()

    async def sweep(self) -> None:
        """Write what became of asks without an answer, and what was seen of each insurer."""
        await self._answers.sweep()
        now = self._ticks.now()
        for insurer, lane in list(self._lanes.items()):  # another may be asked for the first time meanwhile
            away = lane.breaker.away(now)
            if not (lane.answered or lane.failed or away or lane.was_away):
                continue
            said = lane.answered, lane.failed, lane.how, away
            lane.answered, lane.failed, lane.how, lane.was_away = 0, 0, None, away > 0
            await self._answers.say(insurer, *said)

    @property
    def under_way(self) -> int:
        """How many calls there are of which nothing is written yet."""
        return len(self._works)

    async def settled(self) -> None:
        """Wait until what came of every call under way is written; each ends within its own times."""
        await asyncio.gather(*self._works, return_exceptions=True)

    async def stop(self) -> None:
        """Wait for what is under way, then close every connection."""
        await self.settled()
        for lane in self._lanes.values():
            await lane.http.aclose()

    def _lane(self, whom: Declared) -> _Lane:
        lane = self._lanes.get(whom.insurer)
        if lane is None:
            lane = self._lanes[whom.insurer] = _Lane(self._client())
        return lane

    @contextmanager
    def _turn(self, whom: Declared, lane: _Lane, line: LineId) -> Iterator[None]:
        if lane.of_line[line] >= LINE_ASKS_MAX or lane.breaker.full:
            raise GateBusyError
        if not lane.breaker.enter(self._ticks.now(), line):
            self._say_away(whom.insurer)
            raise InsurerAwayError(whom.insurer)
        tries = lane.breaker.trying
        lane.of_line[line] += 1
        try:
            yield
        finally:
            lane.breaker.leave(tried=tries)
            lane.of_line[line] -= 1
            if not lane.of_line[line]:
                del lane.of_line[line]

    def _over(self, work: asyncio.Task[Settled]) -> None:
        self._works.discard(work)
        if not work.cancelled() and (error := work.exception()) is not None:
            # Nobody may be left to hear of it: the line is missing, and the sweep finds that.
            _log.error("what came of an ask was not written: %s", type(error).__name__)

    async def _settled(self, answer: Answer, call: Awaitable[Judged], begun: float) -> Settled:
        """Call, outside any transaction; then write what came of it, and only then is there anything to tell.

        It is written at a fixed time too: whoever looks at her own history meanwhile sees nothing of how long the
        insurer took.
        """
        judged = await call
        await self._ticks.until(begun + ANSWER_SECONDS)
        async with asyncio.timeout(WRITE_SECONDS):
            seq = await self._answers.settle(answer.seq, answer.line, judged.outcome, judged.cover, judged.sealed)
        return Settled(judged.outcome, seq, judged.cover)

    async def _judged(
        self,
        whom: Declared,
        lane: _Lane,
        line: LineId,
        answer: Answer,
        *,
        question: Callable[[Answer], Asked],
        judge: Judge,
        begun: float,
    ) -> Judged:
        """What came of a call: whatever goes wrong in it, foreseen or not, is no answer, and is written as one."""
        try:
            judged = judge(await self._call(whom, question(answer), lane, begun), answer)
        except NoAnswerError as error:
            self._note(lane, line, error)
        except Exception as error:  # noqa: BLE001 - it may hold what came: its type alone is said
            _log.error("an insurer was asked, and something unforeseen came of it: %s", type(error).__name__)
        else:
            lane.answered += 1
            lane.breaker.answered()
            return judged
        return Judged(Outcome.NOT_ANSWERED)

    def _note(self, lane: _Lane, line: LineId, error: NoAnswerError) -> None:
        if error.why is Failure.UNASKED:
            return
        lane.failed, lane.how = lane.failed + 1, error.why
        if error.heard:  # what it says of somebody closes it to nobody, nor tells that it knows her
            lane.breaker.answered()
        else:
            lane.breaker.failed(self._ticks.now(), line, unsent=error.unsent)

    async def _call(self, whom: Declared, asked: Asked, lane: _Lane, begun: float) -> Said:
        left = begun + ANSWER_SECONDS - self._ticks.now()
        if left <= 0:
            raise NoAnswerError(Failure.UNASKED)
        message = sign(ASK, claims_of(asked, int(self._clock.now().timestamp())), self._key)
        call = asyncio.ensure_future(lane.http.post(whom.url, content=message, headers=_HEADERS))
        late = asyncio.ensure_future(self._ticks.until(begun + ANSWER_SECONDS))
        try:
            await asyncio.wait({call, late}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise NoAnswerError(Failure.SLOW)
            told = call.result()
        except httpx.PoolTimeout:  # our own bound of calls
            raise NoAnswerError(Failure.UNASKED) from None
        except httpx.ReadTimeout:
            raise NoAnswerError(Failure.SLOW) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise NoAnswerError(Failure.DOWN, unsent=True) from None
        except (httpx.HTTPError, OSError, ValueError):
            raise NoAnswerError(Failure.DOWN) from None
        finally:
            call.cancel()
            late.cancel()
        if told.status_code != httpx.codes.OK:
            raise NoAnswerError(Failure.STATUS)
        if len(told.content) > ANSWER_BYTES_MAX:
            raise NoAnswerError(Failure.SIZE)
        claims = verified(ANSWER, told.content, whom.public_key)
        return read_answer(claims, asked, self._clock.now().timestamp())
