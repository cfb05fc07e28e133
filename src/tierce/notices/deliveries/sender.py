"""Approved messages leave, each once: several connections, one commit before and after every message.

Before a message is handed over, a committed row says that its attempt begins; after the server's answer, another says
what came of it, in the same commit as the beginning of the next. A process killed at any point so leaves one message
in doubt per connection, and no other. A doubt is settled by the relay's own log where it can be read; otherwise the
same message is sent once more under the same Message-ID: somebody told twice is better than somebody never told.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, Full, Queue

from psycopg import Connection

from tierce.kernel.clock import Clock
from tierce.notices.audience.model import Audience
from tierce.notices.audience.rules import failed
from tierce.notices.deliveries import store
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError, MailServerError
from tierce.notices.deliveries.mail import compose, message_id, return_path
from tierce.notices.deliveries.model import MailServer, Reply, Step, Verdict
from tierce.notices.deliveries.reading import Reading, Written
from tierce.notices.deliveries.rules import HALTS_MAX, faster, slower, verdict, wait_after
from tierce.notices.deliveries.smtp import CLOSING, DoubtError, Line, LostError
from tierce.notices.errors import SendingRefusedError, TextRefusedError
from tierce.policy.reached import State

CHUNK = 200
SPEED_UP_SECONDS = 60.0
CONNECT_TRIES = 3


@dataclass(slots=True)
class Tally:
    """What one sending did; by its end, `doubtful` messages are in doubt and the text of `unwritten` is refused."""

    accepted: int = 0
    put_off: int = 0
    refused: int = 0
    known: int = 0
    resent: int = 0
    changed: int = 0
    doubtful: int = 0
    unwritten: int = 0
    seconds: float = 0.0


class Pace:
    """So many messages a second over all connections; slower when the server asks for it."""

    def __init__(self, most: float) -> None:
        """Go at `most` a second, or as fast as the server takes them when it is 0."""
        self._most = most
        self._rate = most
        self._next = 0.0
        self._changed = time.monotonic()
        self._lock = threading.Lock()

    def wait(self, stopping: threading.Event) -> None:
        """Wait for one's turn, or for the end."""
        with self._lock:
            now = time.monotonic()
            if self._rate and self._rate != self._most and now - self._changed > SPEED_UP_SECONDS:
                self._rate, self._changed = faster(self._rate, self._most or self._rate * 2), now
            if not self._rate:
                return
            at = max(self._next, now)
            self._next = at + 1 / self._rate
        stopping.wait(max(at - now, 0.0))

    def slow_down(self, sent_each_second: float) -> None:
        """Halve the rate: what was asked for, or what was reached when nothing was."""
        with self._lock:
            self._rate, self._changed = slower(self._rate or sent_each_second), time.monotonic()


@dataclass(slots=True)
class _Run:
    """What the connections of one sending share."""

    audience: Audience
    server: MailServer
    signer: Signer
    clock: Clock
    pace: Pace
    told: Callable[[int], None]
    tally: Tally = field(default_factory=Tally)
    stopping: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    halts: int = 0
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        """Count one thing, from any connection."""
        with self.lock:
            setattr(self.tally, name, getattr(self.tally, name) + 1)

    def fail(self, error: BaseException) -> None:
        """Stop every connection; the first reason is the one that is told."""
        with self.lock:
            self.error = self.error or error
        self.stopping.set()


def send(
    connect: Callable[[], Connection],
    reading: Reading,
    server: MailServer,
    signer: Signer,
    clock: Clock,
    *,
    known: Callable[[set[str]], set[str]] | None,
    told: Callable[[int], None],
) -> Tally:
    """Send every message of an approved audience that may leave now.

    Args:
        connect: opens an autocommit connection of role tierce_notices; one for each connection to the server.
        reading: what makes an item's text and finds its address.
        server: the relay.
        signer: the DKIM key.
        clock: the time.
        known: which of these Message-IDs the relay's own log has; asked for doubts only.
        told: called with 1 for each message that left or was given up.

    Raises:
        MailServerError, TlsMissingError, LoginRefusedError: the relay cannot be used.
        SendingRefusedError: it refuses us.
    """
    run = _Run(reading.audience, server, signer, clock, Pace(server.rate), told)
    with connect() as connection:
        _settle(run, connection, known)
        for state in (State.UNSENT, State.DOUBTFUL, State.TO_SEND, State.DOUBTFUL):
            _pass(run, connect, connection, reading, state)
        run.tally.doubtful = store.waiting(connection, run.audience, State.DOUBTFUL)
        run.tally.unwritten = store.waiting(connection, run.audience, State.UNSENT)
    run.tally.seconds = time.monotonic() - run.began
    if run.error is not None:
        raise run.error
    return run.tally


def _settle(run: _Run, connection: Connection, known: Callable[[set[str]], set[str]] | None) -> None:
    """Ask the relay's log about the messages that a crash left in doubt."""
    if known is None:
        return
    after = 0
    domain = run.server.sender.partition("@")[2]
    while some := store.pending(connection, run.audience, State.DOUBTFUL, run.clock.now(), after, CHUNK):
        after = some[-1].number
        has = known({message_id(one.token, domain) for one in some})
        for one in some:
            if message_id(one.token, domain) in has:
                outcome = store.Outcome(one.number, Step.KNOWN, "", State.SENT)
                if store.end(connection, run.audience.id, outcome, run.clock.now(), [State.DOUBTFUL]):
                    run.count("known")
                    run.told(1)


def _pass(
    run: _Run, connect: Callable[[], Connection], connection: Connection, reading: Reading, state: State
) -> None:
    """Try once each item that is in a state, over all connections."""
    if run.stopping.is_set() or not store.waiting(connection, run.audience, state):
        return
    queue: Queue[Written | None] = Queue(maxsize=2 * CHUNK)
    lanes = max(run.server.connections, 1)

    def lane() -> None:
        try:
            with connect() as own:
                _Lane(run, own, queue).go()
        except (DeliveryError, SendingRefusedError) as error:
            run.fail(error)
        except Exception as error:
            run.fail(error)
            raise

    with ThreadPoolExecutor(lanes) as pool:
        going = [pool.submit(lane) for _ in range(lanes)]
        for one in _written(run, connection, reading, state):
            _put(queue, one, run.stopping)
        for _ in going:
            _put(queue, None, run.stopping)
    for done in going:
        done.result()


def _put(queue: "Queue[Written | None]", one: Written | None, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            queue.put(one, timeout=0.2)
        except Full:
            continue
        return


def _written(run: _Run, connection: Connection, reading: Reading, state: State) -> Iterator[Written]:
    """Items of a state in order, with address and facts; those whose contact data has changed are set aside."""
    for one, written in reading.waiting(connection, [state], run.clock, CHUNK):
        if run.stopping.is_set():
            return
        if written is not None:
            yield written
        elif store.set_aside(connection, run.audience, one, Step.CHANGED, State.CHANGED, run.clock.now()):
            run.count("changed")


class _Lane:
    """One connection to the server with one to the database."""

    def __init__(self, run: _Run, connection: Connection, queue: "Queue[Written | None]") -> None:
        self._run = run
        self._connection = connection
        self._queue = queue
        self._line: Line | None = None
        self._outcome: store.Outcome | None = None

    def go(self) -> None:
        """Send until the queue ends or the run stops; what was answered is always written."""
        try:
            while not self._run.stopping.is_set():
                one = self._next()
                if one is None:
                    break
                self._one(one)
        finally:
            self._write()
            if self._line is not None:
                self._line.close()

    def _next(self) -> Written | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            self._write()
        while not self._run.stopping.is_set():
            try:
                return self._queue.get(timeout=0.2)
            except Empty:
                continue
        return None

    def _one(self, one: Written) -> None:
        run, step = self._run, Step.RESENT if one.item.state is State.DOUBTFUL else Step.BEGUN
        try:
            message = self._message(one)
        except TextRefusedError:
            # Hers alone: everybody behind her is told, and she is counted until it can be written.
            store.set_aside(self._connection, run.audience, one.item, Step.UNWRITTEN, State.UNSENT, run.clock.now())
            run.told(1)
            return
        run.pace.wait(run.stopping)
        if run.stopping.is_set():
            return
        line = self._connected()
        ended, self._outcome = self._outcome, None
        if not store.advance(self._connection, run.audience, run.clock.now(), ended, (one.item, step)):
            run.stopping.set()
            return
        if step is Step.RESENT:
            run.count("resent")
        try:
            reply = line.send(return_path(one.item.token, run.server.bounces), one.email, message)
        except LostError:
            self._line = None
            self._outcome = store.Outcome(one.item.number, Step.PUT_OFF, "lost", State.TO_SEND)
            run.count("put_off")
            return
        except DoubtError:
            self._line = None
            return
        if reply.code == CLOSING:
            line.close()
            self._line = None
        self._outcome = self._judged(one, reply)

    def _message(self, one: Written) -> bytes:
        run = self._run
        sender = (one.operator, run.server.sender)
        made = compose(
            one.document(), one.item.language, sender=sender, to=(one.name, one.email), token=one.item.token,
            at=run.clock.now(),
        )  # fmt: skip
        return run.signer.sign(made)

    def _connected(self) -> Line:
        for attempt in range(CONNECT_TRIES):
            if self._line is not None:
                return self._line
            try:
                self._line = Line(self._run.server)
            except MailServerError:
                self._write()
                if attempt + 1 == CONNECT_TRIES or self._run.stopping.wait(0.5 * (attempt + 1)):
                    raise
        assert self._line is not None
        return self._line

    def _judged(self, one: Written, reply: Reply) -> store.Outcome:
        run, now, number = self._run, self._run.clock.now(), one.item.number
        said = verdict(reply)
        if said is Verdict.DONE:
            run.halts = 0
            run.count("accepted")
            run.told(1)
            return store.Outcome(number, Step.ACCEPTED, reply.said, State.SENT)
        wait = wait_after(one.item.attempts + 1)
        if said is Verdict.HALT:
            run.halts += 1
            if run.halts >= HALTS_MAX:
                run.fail(SendingRefusedError())
            if wait is not None:
                return store.Outcome(number, Step.PUT_OFF, reply.said, State.TO_SEND)
            # Answered so each time: it is her server's own policy, and a letter tells her.
        if said is Verdict.SLOW_DOWN:
            run.pace.slow_down(run.tally.accepted / max(time.monotonic() - run.began, 1.0))
        if said is Verdict.GIVE_UP or wait is None:
            run.count("refused")
            run.told(1)
            state, why = failed(postal=one.item.postal)
            return store.Outcome(number, Step.REFUSED, reply.said, state, why)
        run.count("put_off")
        return store.Outcome(number, Step.PUT_OFF, reply.said, State.TO_SEND, due=now + wait)

    def _write(self) -> None:
        if self._outcome is not None:
            outcome, self._outcome = self._outcome, None
            store.end(self._connection, self._run.audience.id, outcome, self._run.clock.now(), [State.DOUBTFUL])
