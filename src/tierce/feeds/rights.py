"""One import of a rights file: found where it stood or begun, carried through its phases, noted in the journal."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from tierce.feeds.pipeline import Keys, Reader, Work, beside, parts_of
from tierce.feeds.source import Measured, Source
from tierce.kernel.clock import Clock
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act, Outcome
from tierce.registry.arrays import Ints
from tierce.registry.errors import FeedHeldError, FeedRefusedError
from tierce.registry.first_load import Seen
from tierce.registry.model import Sender
from tierce.registry.prepared import Prepared
from tierce.registry.progress.model import Phase, Progress
from tierce.registry.service import LOAD_LINES, Chunks, Desk, Listener, RightsImport, Span
from tierce.registry.store import RegistryStore

LOAD_FROM: Final = 100_000
"""A file of so many lines is read in a process of its own, and fills an empty register without its indexes."""

PUT_OFF_SPAN_MAX: Final = 20_000
"""Lines of the file that one chunk of lines put off is looked for in, at most; all of them may be such."""

_LOOKED_AT_MAX: Final = 100
"""Lines looked at for whose file it is, when the first ones cannot be read."""

Note = Callable[[Act, int, Outcome], None]


@dataclass(frozen=True, slots=True)
class Ways:
    """How a file is to be taken; see `Intake.rights`."""

    dry_run: bool
    whole: bool
    confirm_shrink: int | None
    chunk_lines: int
    load_from: int


class RightsRun:
    """Carries one rights file from where it stands to its end."""

    def __init__(
        self,
        registry: RegistryStore,
        sender: Sender,
        path: Path,
        listener: Listener,
        *,
        clock: Clock,
        ways: Ways,
        note: Note,
    ) -> None:
        """Open the file; `note` writes a line of the journal in the transaction under way.

        Raises:
            FeedRefusedError: it is not a rights file, or another insurer's.
        """
        self._registry = registry
        self._book = registry.book()
        self._sender = sender
        self._reader = Reader(path, sender, Keys(*registry.index_keys()))
        refuse_another_insurers(self._reader.source, path.name, sender.amc)
        self._path = path
        self._listener = listener
        self._clock = clock
        self._ways = ways
        self._note = note
        self._beside: Work | None = None
        self._measured: Measured | None = None
        self._progress: Progress | None = None

    def run(self) -> Progress:
        """Take the file in; every line of the journal is committed with what it tells.

        Raises:
            FeedHeldError: abnormally many people would lose their cover.
            FeedRefusedError: the file cannot be read any further, or was begun in another way.
        """
        progress = self._carry(None, lambda importing: importing.run())
        if self._ways.dry_run:
            self._registry.rollback()
            return progress
        self._registry.count_people(self._sender.id)
        self._book.save(progress, self._clock.now(), "done")
        self._registry.end(progress.feed, "done", progress.counts, self._clock.now())
        self._note(Act.FEED_RIGHTS, progress.feed, Outcome.DONE)
        self._registry.commit()
        return progress

    def load(self, seen: Seen) -> None:
        """Load its new people into a register whose indexes are set aside; `run` takes the rest once they are built.

        Raises:
            FeedRefusedError: the file cannot be read any further, or was begun in another way.
        """
        self._carry(seen, lambda importing: importing.load(seen))

    def was_last(self) -> bool:
        """Tell whether this very file is the insurer's last that was taken to its end."""
        return self._book.was_last(self._sender.id, self._measure().sha256)

    def lines_about(self) -> int:
        """How many lines there can be, without reading them."""
        return self._reader.source.lines_about()

    def _carry(self, seen: Seen | None, work: Callable[[RightsImport], object]) -> Progress:
        with ExitStack() as stack:
            if self.lines_about() >= self._ways.load_from:
                # It takes its time to start: meanwhile the file is measured.
                self._start_beside(stack)
            progress = self._progress = self._progress or self._stand(seen)
            desk = Desk(
                self._registry, self._book, self._registry.lookup(self._sender.id),
                self._registry.writer(self._sender, progress.told), self._clock,
            )  # fmt: skip
            chunks = self._chunks(progress, stack)
            importing = RightsImport(desk, self._sender, self._listener, progress, chunks, dry_run=self._ways.dry_run)
            try:
                work(importing)
            except TierceError as error:
                self._stop(progress, error)
                raise
        self._beside = None
        return progress

    # -- where it stands -------------------------------------------------------------------------------------

    def _measure(self) -> Measured:
        if self._measured is None:
            self._measured = self._reader.source.measure(self._listener.on_measuring)
        return self._measured

    def _stand(self, seen: Seen | None) -> Progress:
        """Find the import of this file where it was interrupted or held, or begin one."""
        measured = self._measure()
        if self._ways.whole and measured.lines_total == 0:
            msg = (
                f"{self._path.name} : un fichier complet sans une ligne, rien n’est écrit : renvoyez-le / "
                "a whole file without a line; nothing was written: send it again"
            )
            raise FeedRefusedError(msg)
        found = None
        if not self._ways.dry_run:
            found = self._book.find(self._sender.id, measured.sha256, measured.lines_total, measured.bytes_total)
        if found is None:
            progress = Progress(
                new_id(), measured.sha256, measured.lines_total, measured.bytes_total, self._ways.whole
            )
            self._begin(progress, seen)
            return progress
        if found.whole != self._ways.whole:
            msg = (
                f"{self._path.name} : commencé {'avec' if found.whole else 'sans'} --whole, reprenez de même / "
                f"begun {'with' if found.whole else 'without'} --whole: go on in the same way"
            )
            raise FeedRefusedError(msg)
        self._go_on(found, seen)
        return found

    def _begin(self, progress: Progress, seen: Seen | None) -> None:
        progress.confirmed = self._ways.confirm_shrink  # a dry run has told the number already
        large = progress.lines_total >= self._ways.load_from
        if not self._ways.dry_run and seen is None:
            self._mend_indexes()
        if not self._ways.dry_run:
            self._book.wait_for_removal()
        if seen is not None or (large and not self._ways.dry_run and self._book.set_indexes_aside()):
            progress.phase = Phase.LOADING
        self._book.begin(progress, self._sender.id, self._clock.now())
        if not self._ways.dry_run:
            self._note(Act.FEED_RIGHTS, progress.feed, Outcome.NONE)
            if progress.confirmed is not None:
                self._note(Act.FEED_CONFIRM, progress.feed, Outcome.NONE)
            self._registry.commit()
        self._listener.on_progress(progress)

    def _go_on(self, progress: Progress, seen: Seen | None) -> None:
        if seen is None and progress.phase not in {Phase.LOADING, Phase.INDEXING}:
            self._mend_indexes()
        self._book.wait_for_removal()
        for rejection in self._book.refused(progress.feed):
            self._listener.on_rejection(rejection)
        if self._ways.confirm_shrink is not None:
            progress.confirmed = self._ways.confirm_shrink
        was_held, progress.shrink = progress.shrink is not None, None
        progress.resumed += 1
        self._book.save(progress, self._clock.now())
        confirmed = was_held and progress.confirmed is not None
        self._note(Act.FEED_CONFIRM if confirmed else Act.FEED_RESUME, progress.feed, Outcome.NONE)
        self._registry.commit()
        self._listener.on_progress(progress)

    def _mend_indexes(self) -> None:
        """Build what an abandoned first load left aside: nobody is looked up without an index."""
        if self._book.waits_for_indexes():
            self._book.build_indexes()

    def _stop(self, progress: Progress, error: TierceError) -> None:
        """Note that the import is held or refused, unless nothing is ever noted of it."""
        self._registry.rollback()
        if self._ways.dry_run:
            return
        if isinstance(error, FeedHeldError):
            self._book.save(progress, self._clock.now(), "held")
            self._note(Act.FEED_HOLD, progress.feed, Outcome.HELD)
        else:
            self._registry.end(progress.feed, "refused", progress.counts, self._clock.now())
            self._note(Act.FEED_RIGHTS, progress.feed, Outcome.NOT_ALLOWED)
        self._registry.commit()

    # -- chunks ----------------------------------------------------------------------------------------------

    def _chunks(self, progress: Progress, stack: ExitStack) -> Chunks:
        large = progress.lines_total >= self._ways.load_from
        loads = progress.phase is Phase.LOADING
        size = LOAD_LINES if large and loads else self._ways.chunk_lines
        source = self._reader.source

        def size_of(wanted: Ints | None) -> int:
            """Of a file of which few lines were put off, more is read at once: a chunk costs whatever it holds."""
            if wanted is None or not len(wanted):
                return size
            return max(size, min(PUT_OFF_SPAN_MAX, self._ways.chunk_lines * (progress.lines_total // len(wanted))))

        if large and self._beside is None:
            self._start_beside(stack)
        work = self._beside if large and self._beside is not None else Work(self._reader.prepared)

        def chunks(line: int, start: int, wanted: Ints | None = None) -> Iterator[tuple[Span, Prepared]]:
            return work.in_turn(parts_of(source.spans(size_of(wanted), line=line, start=start), wanted))

        return chunks

    def _start_beside(self, stack: ExitStack) -> None:
        keys = Keys(*self._registry.index_keys())
        self._beside = stack.enter_context(beside(self._path, self._sender, keys, self._reader.prepared))


def refuse_another_insurers(source: Source, name: str, amc: str) -> None:
    """Refuse a file whose first line that can be read is another insurer's.

    Raises:
        FeedRefusedError: it is.
    """
    for span in islice(source.spans(1), _LOOKED_AT_MAX):
        chunk = source.read(span)
        found = chunk.table.column("amc").to_pylist() + [row.cells["amc"] for row in chunk.rows]
        if not found:
            continue
        if found[0] != amc:
            fr, en = "vérifiez-le", "check it"
            if found[0] and found[0] == amc.lstrip("0"):
                fr, en = "gardez les zéros de tête de la colonne amc", "keep the leading zeros of the column amc"
            msg = (
                f"{name} : sa première ligne n’est pas de l’organisme {amc}, rien n’est écrit : {fr} / "
                f"its first line is of another insurer than {amc}; nothing was written: {en}"
            )
            raise FeedRefusedError(msg)
        return
