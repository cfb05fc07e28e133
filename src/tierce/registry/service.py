"""Taking in an insurer's rights feed and the list of insurers."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from tierce.kernel.care import Domain
from tierce.kernel.clock import Clock, paris_day
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.ids import InsurerId
from tierce.policy.feeds import covered_enough, shrinks_abnormally
from tierce.registry.arrays import Ints
from tierce.registry.errors import FeedHeldError
from tierce.registry.first_load import FirstLoad, Seen
from tierce.registry.insurers import InsurerLine, Said, read_insurer, refuse_disputed
from tierce.registry.lookup.store import Lookup
from tierce.registry.model import Sender
from tierce.registry.prepared import Prepared, Settled, ints
from tierce.registry.progress.model import Phase, Progress
from tierce.registry.progress.store import FeedBook
from tierce.registry.settle import Settler
from tierce.registry.store import RegistryStore
from tierce.registry.writing.store import Writer

CHUNK_LINES: Final = 5_000
"""Lines written and committed together: an import that is killed loses at most one chunk, and goes on behind it."""

LOAD_LINES: Final = 10_000
"""The same, for the first load of an empty register; a chunk of this size still fits the processor’s caches."""

_LAID_AHEAD: Final = 2
"""Chunks of a first load, some 12 MB each, that may wait for the one being copied."""

_TURN_SECONDS: Final = 0.0002

ABSENT_PERIODS: Final = 5_000
"""Periods of absent people ended in one transaction."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom an import tells as it goes: each refused line, how many lines were read, and where it stands.

    Before its first line, how many bytes of the file were read for its digest, and of how many.
    """

    on_rejection: Callable[[Rejection], None]
    on_lines: Callable[[int], None]
    on_progress: Callable[[Progress], None] = field(default=lambda _progress: None)
    on_measuring: Callable[[int, int], None] = field(default=lambda _read, _total: None)


class Span(Protocol):
    """Where a chunk stands in its file."""

    @property
    def line(self) -> int:
        """Its first line, counted from 1 with the header."""

    @property
    def lines(self) -> int:
        """How many lines."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def size(self) -> int:
        """How long it is."""


class Chunks(Protocol):
    """Reads a file chunk by chunk."""

    def __call__(self, line: int, start: int, wanted: Ints | None = None) -> Iterator[tuple[Span, Prepared]]:
        """Read from a line on, which stands at `start` (0 for the first); of `wanted`, these lines alone."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What an import works with, all over one connection."""

    registry: RegistryStore
    book: FeedBook
    lookup: Lookup
    writer: Writer
    clock: Clock


class RightsImport:
    """Takes in one rights file, chunk by chunk; a line is wholly taken, unchanged, or refused.

    In the order of the file: what adds or changes. At its end: the lines that end a running right and, for a whole
    file, the end of those it leaves out; before that, how many would lose their cover is weighed. Everything is
    committed with how far it has come, so that whatever kills it, the same file goes on where it stood.
    """

    def __init__(
        self, desk: Desk, sender: Sender, listener: Listener, progress: Progress, chunks: Chunks, *, dry_run: bool
    ) -> None:
        """Go on from `progress`; with `dry_run` nothing is committed, and everything is rolled back at the end."""
        self._desk = desk
        self._sender = sender
        self._listener = listener
        self._progress = progress
        self._chunks = chunks
        self._dry_run = dry_run
        self._began = time.perf_counter()
        self._before = progress.lines_done

    def run(self) -> FeedCounts:
        """Go through the phases that are left.

        Raises:
            FeedHeldError: abnormally many would lose their cover; what adds was taken, what takes away waits.
        """
        progress = self._progress
        self.load(None)
        if progress.phase is Phase.READING:
            self._read()
            self._enter(Phase.PUTTING_OFF)
        if progress.phase is Phase.INDEXING:
            self._desk.book.build_indexes()
            self._enter(Phase.PUTTING_OFF)
        if progress.phase is Phase.PUTTING_OFF:
            self._weigh()
            self._enter(Phase.ENDING)
        if progress.phase is Phase.ENDING:
            # Weighed once: killed in the middle, what is left to take away is another number than was confirmed.
            self._read_later()
            if progress.whole:
                self._end_absent()
            self._enter(Phase.DONE)
        return progress.counts

    def load(self, seen: Seen | None) -> None:
        """Load the lines of new people, if it stands there; `seen` holds what is in the register, if given."""
        if self._progress.phase is Phase.LOADING:
            if seen is None:
                seen = Seen(self._progress.lines_total)
                if self._progress.lines_done:
                    self._desk.book.remember_loaded(seen)
            self._load(FirstLoad(self._today(), seen))
            self._enter(Phase.INDEXING)

    # -- reading ---------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for span, chunk in self._chunks(self._progress.lines_done + 2, self._progress.bytes_done):
            self._take(chunk, puts_off=True)
            self._went_past(span)
            self._commit()

    def _take(self, chunk: Prepared, *, puts_off: bool) -> None:
        """Settle whose lines these are and write those that say something new, in the transaction under way."""
        self._note_day(chunk)
        settled = Settler(
            chunk,
            self._desk.lookup,
            self._desk.writer,
            self._progress.told,
            today=self._today(),
            puts_off=puts_off,
            only_day=self._only_day(),
        ).settle()
        self._desk.writer.merge(chunk, settled, self._progress.feed)
        self._count(chunk, settled)
        if self._progress.whole and (chunk.spared or settled.rejections):
            refused = ints([one.line for one in settled.rejections])
            numbers = [chunk.members[row].tobytes() for row in np.flatnonzero(np.isin(chunk.lines, refused)).tolist()]
            self._desk.writer.spare(self._desk.lookup.find_members({*chunk.spared, *numbers}).values())

    def _note_day(self, chunk: Prepared) -> None:
        if self._progress.effective_day is None and len(chunk):
            self._progress.effective_day = int(chunk.effective[0])

    def _today(self) -> int:
        return paris_day(self._desk.clock.now())

    def _only_day(self) -> int | None:
        return self._progress.effective_day if self._progress.whole else None

    def _count(self, chunk: Prepared, settled: Settled) -> None:
        progress, counts = self._progress, self._progress.counts
        counts.taken += len(settled.rows)
        counts.unchanged += settled.unchanged
        counts.outdated += settled.outdated
        progress.unread += chunk.unread
        rejections = [*chunk.rejections, *settled.rejections]
        for one in rejections:
            counts.reject(one)
        self._desk.book.refuse(progress.feed, rejections)
        self._desk.book.put_off(progress.feed, settled.later)
        for one in rejections:
            self._listener.on_rejection(one)

    def _went_past(self, span: Span) -> None:
        progress = self._progress
        progress.lines_done = span.line + span.lines - 2
        progress.bytes_done = span.start + span.size
        progress.rate = (progress.lines_done - self._before) / max(time.perf_counter() - self._began, 1e-6)

    def _read_later(self) -> None:
        """Take the lines that were put off, in the order of the file."""
        book, feed = self._desk.book, self._progress.feed
        later = book.later(feed)
        if not len(later):
            return
        for span, chunk in self._chunks(2, 0, later):
            self._take(chunk, puts_off=False)
            book.taken_later(feed, span.line, span.line + span.lines - 1)
            self._commit()

    # -- the first load --------------------------------------------------------------------------------------

    def _load(self, load: FirstLoad) -> None:
        """Fill the register: while chunks are copied by a thread, the next are settled and sealed."""
        self._desk.registry.commit()
        with _taking_turns(), ThreadPoolExecutor(1) as pool:
            before: Future[None] | None = None
            waiting: deque[Future[None]] = deque()
            for span, chunk in self._chunks(self._progress.lines_done + 2, self._progress.bytes_done):
                self._note_day(chunk)
                load.only_day = self._only_day()
                settled = load.settle(chunk)
                laid = self._desk.writer.laid_out(chunk, settled)
                if len(waiting) > _LAID_AHEAD:
                    waiting.popleft().result()
                before = pool.submit(self._commit_loaded, before, span, chunk, settled, laid)
                waiting.append(before)
            for one in waiting:
                one.result()

    def _commit_loaded(
        self,
        before: "Future[None] | None",
        span: Span,
        chunk: Prepared,
        settled: Settled,
        laid: dict[str, list[memoryview]],
    ) -> None:
        """Copy one chunk and commit it with how far it reaches; never when the one before it was not.

        The disk is waited for once, when all are loaded: a server that crashes before goes back a few chunks.
        """
        if before is not None:
            before.result()
        self._desk.book.wait_for_no_disk()
        self._desk.writer.copy(laid, staged=False)
        self._count(chunk, settled)
        self._went_past(span)
        self._commit()

    # -- what takes away -------------------------------------------------------------------------------------

    def _weigh(self) -> None:
        """Hold the file when abnormally many would lose their cover and nobody repeated how many."""
        progress, book = self._progress, self._desk.book
        day = progress.effective_day
        losing = 0
        if day is not None:
            losing = book.count_endings(progress.feed)
            if progress.whole:
                losing = max(losing, book.count_absent(self._sender.id, day, progress.told))
            unread = progress.whole and progress.unread > 0 and losing > 0
            enough = None if unread else covered_enough(losing)
            covered = book.count_covered(self._sender.id, min(day, self._today()), enough) if losing else 0
            abnormal = unread or shrinks_abnormally(losing, covered)
            if abnormal and progress.confirmed != losing:
                progress.shrink = losing
                raise FeedHeldError(losing, covered, progress.unread if progress.whole else 0)

    def _end_absent(self) -> None:
        """End the cover of people whom the file left out, on the day before the one it describes."""
        progress, desk = self._progress, self._desk
        day = progress.effective_day
        if day is None:
            return
        for people in end_absent(desk.writer, desk.book, self._sender.id, day, progress.told, says_file=True):
            progress.counts.ended += people
            self._commit()

    # -- commits ---------------------------------------------------------------------------------------------

    def _enter(self, phase: Phase) -> None:
        self._progress.phase = phase
        self._commit()

    def _commit(self) -> None:
        self._desk.book.save(self._progress, self._desk.clock.now())
        if not self._dry_run:
            self._desk.registry.commit()
        self._tell()

    def _tell(self) -> None:
        self._listener.on_lines(self._progress.counts.read)
        self._listener.on_progress(self._progress)


def end_absent(
    writer: Writer, book: FeedBook, insurer: InsurerId, day: int, told: int, *, says_file: bool
) -> Iterator[int]:
    """End, on the day before `day`, the cover of whoever the file of mark `told` does not tell of; how many, by lots.

    The caller commits each lot. Where no file says so, an earlier file may say otherwise again.
    """
    for periods in book.absent(insurer, day, told, ABSENT_PERIODS):
        writer.remove([(person, since) for person, since, _until, _sealed in periods if since >= day])
        running = [(person, since, day - 1, sealed) for person, since, _until, sealed in periods if since < day]
        writer.shorten(running, effective=day if says_file else None)
        yield len({person for person, _since, _until, _sealed in periods})


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Let a thread that mostly waits for the database go on as soon as it can, instead of every five milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def take_insurers(store: RegistryStore, rows: Iterable[FeedRow | Rejection], listener: Listener) -> FeedCounts:
    """Take in the list of insurers whole, or nothing of it when one line is refused; the caller commits."""
    counts = FeedCounts()
    lines: list[InsurerLine] = []
    said, last = Said(), 1
    for row in rows:
        try:
            if isinstance(row, FeedRow):
                line = read_insurer(row.cells, row.absent)
                said.agree(line)
                lines.append(line)
                last = row.line
                continue
            rejection = row
        except FieldError as error:
            rejection = Rejection.of(row.line, error)
        counts.reject(rejection)
        listener.on_rejection(rejection)
    before = store.printed()
    if not counts.rejected:
        try:
            refuse_disputed(lines, before)
        except FieldError as error:  # of no one line: the last is where it is known
            counts.reject(rejection := Rejection.of(last, error))
            listener.on_rejection(rejection)
    if counts.rejected:
        return counts
    insurers: dict[str, InsurerId] = {}
    products: dict[tuple[str, str], int] = {}
    guarantees: list[tuple[int, Domain, str, str]] = []
    for line in lines:
        if line.amc not in insurers:
            insurers[line.amc] = store.put_insurer(
                line.amc, line.name, line.contact_email, operator_sends=line.operator_sends,
                engagement_days=line.engagement_days, unsaid=line.unsaid,
            )  # fmt: skip
            store.put_printed(insurers[line.amc], line.printed(before.get(line.amc, ())))
        place = (line.amc, line.product_code)
        if place not in products:
            products[place] = store.put_product(
                insurers[line.amc], line.product_code, line.product_name, responsible=line.responsible
            )
        guarantees.append((products[place], line.domain, line.formula_fr, line.formula_en))
    store.put_guarantees(guarantees)
    store.make_keys(insurers.values())
    counts.taken = len(lines)
    listener.on_lines(counts.read)
    return counts
