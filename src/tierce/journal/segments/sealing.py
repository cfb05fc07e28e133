"""The sealing job: seals what is finished, drops what is due, redacts what two people asked for, ends what is over.

Every step can be killed and begun again; the manifest's row is what makes a segment be. One job runs at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments import store
from tierce.journal.segments.build import build
from tierce.journal.segments.check import insist_whole
from tierce.journal.segments.errors import SealerBusyError, SegmentsAheadError
from tierce.journal.segments.files import ahead, write_manifest
from tierce.journal.segments.model import ENTRIES_MAX, Segment
from tierce.journal.segments.redacting import redacted_leaves, rewrite, rows_to_redact
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock, from_micros, micros
from tierce.policy.acts import Act, Outcome
from tierce.policy.segments import HOT_DAYS, SEAL_AFTER

DROP_ROWS = 20_000
"""Hot rows dropped in one transaction."""

Reached = Callable[[str], None]


@dataclass(slots=True)
class Done:
    """What a run of the job did."""

    sealed: int = 0
    """Segments sealed."""
    entries: int = 0
    dropped: int = 0
    """Hot rows dropped, their entries being sealed."""
    redacted: int = 0
    ended: int = 0
    """Segments whose time was over."""


class Sealer:
    """The job, on a connection of role tierce_worker that nothing else uses, not in autocommit mode."""

    def __init__(
        self,
        connection: Connection,
        folder: Path,
        log: LogFolder,
        appender: Appender,
        clock: Clock,
        policy: bytes,
        *,
        reached: Reached,
    ) -> None:
        """Work in `folder`, holding rows to the tiles of `log`; `reached` is told each step, for bars and for tests.

        Raises:
            SealerBusyError: another one works.
        """
        self._connection = connection
        self._folder = folder
        self._log = log
        self._appender = appender
        self._clock = clock
        self._policy = policy
        self._reached = reached
        if not store.take_lock(connection):
            raise SealerBusyError
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)

    def close(self) -> None:
        """Let another job work."""
        self._connection.close()

    def run(self, *, now: bool = False) -> Done:
        """Do all that is due; `now` seals what is under the last checkpoint, however little it is."""
        done = Done()
        self._tidy()
        with self._connection.transaction():
            until = store.tree_size(self._connection)  # what comes while it works waits for the next run
        end = 0
        while end < until and (sealed := self.seal(now=now)) is not None:
            end = sealed.end
            done.sealed += 1
            done.entries += sealed.count
        done.redacted = self.redact()
        done.dropped = self.drop()
        done.ended = self.end()
        self._tidy()
        return done

    def seal(self, *, now: bool = False) -> Segment | None:
        """Seal the next stretch when it fills a segment or is old enough; None when there is nothing to seal.

        Killed at any step, nothing is lost and nothing is there twice:

        1. files without names, then 2. named: the manifest does not know them; the next run removes them and begins
        again. 3. read back, every row held to the tree. 4. the manifest's row, committed: the segment is. Hot rows
        are still there, and readers leave them aside. 5. the list beside the files is written again at the next run.

        Raises:
            SealRefusedError: an entry is missing or not of version 1.
            SegmentAlteredError: what was written does not give the tree's leaves.
        """
        with self._connection.transaction():
            ready = store.ready(self._connection)
        if ready is None:
            return None
        full = ready.end - ready.first > ENTRIES_MAX - ENTRIES_MAX // 64
        if not (full or now or is_due(from_micros(ready.begun_us), self._clock.now())):
            return None
        with self._connection.transaction():
            stretch = store.stretch(self._connection, ready.first, ready.end)
            entries = store.bodies(self._connection, ready.first, ready.end)
            made = build(self._folder, stretch, entries, ready.root, self._reached)
        self._enter(made)
        return made

    def drop(self) -> int:
        """Drop the hot rows of segments sealed long enough ago, once their files were read back again."""
        dropped = 0
        with self._connection.transaction():
            due = set(store.hot_due(self._connection, HOT_DAYS))
        for segment in self._manifest():
            if segment.first not in due:
                continue
            self._insist(segment)
            self._reached("checked")
            while True:
                with self._connection.transaction():
                    rows = store.drop_hot(self._connection, segment.first, DROP_ROWS)
                self._reached("dropped")
                dropped += rows
                if rows == 0:
                    break
        return dropped

    def redact(self) -> int:
        """Carry out what two people asked for and the policy allows; the rest waits for another run."""
        with self._connection.transaction():
            asked = store.asked_redactions(self._connection)
        count = 0
        for segment in self._manifest():
            leaves = {leaf: seq for seq, leaf in asked if segment.first <= leaf < segment.end}
            if not leaves:
                continue
            with self._connection.transaction():
                rows = rows_to_redact(self._connection, self._folder, segment, leaves, self._clock.now())
            if rows:
                made = rewrite(self._folder, segment, rows)
                self._reached("rewritten")
                self._enter(made)
                self._remove(segment)
                count += len(rows)
            with self._connection.transaction():
                if rows or segment.redacted:
                    self._drop_redacted(leaves, segment)
        return count

    def end(self) -> int:
        """End segments whose time is over, oldest first, each with its line, then remove their files."""
        count = 0
        by_first = {segment.first: segment for segment in self._manifest()}
        with self._connection.transaction():
            due = store.due_segments(self._connection)
        for first in due:
            with self._connection.transaction():
                line = self._appender.write(self._connection, [self._line(first)])[0]
                store.end_segment(self._connection, first, line)
            self._reached("ended")
            self._remove(by_first[first])
            count += 1
        return count

    def _enter(self, made: Segment) -> None:
        """Read back, then put into the manifest, then list beside the files."""
        self._insist(made)
        self._reached("checked")
        with self._connection.transaction():
            store.add(self._connection, made)
        self._reached("entered")
        write_manifest(self._folder, self._manifest())

    def _insist(self, segment: Segment) -> None:
        with self._connection.transaction():
            size = store.tree_size(self._connection)
        insist_whole(self._folder, segment, self._log, size)

    def _drop_redacted(self, leaves: dict[int, int], segment: Segment) -> None:
        """Drop the hot rows of entries whose sealed row is redacted: of this run, or of one that was killed."""
        for leaf in redacted_leaves(self._folder, self._current(segment)):
            if leaf in leaves:
                store.drop_redacted(self._connection, leaves[leaf])

    def _current(self, segment: Segment) -> Segment:
        return next(one for one in store.segments(self._connection) if one.first == segment.first)

    def _manifest(self) -> list[Segment]:
        with self._connection.transaction():
            return store.segments(self._connection)

    def _remove(self, segment: Segment) -> None:
        for path in segment.paths(self._folder):
            path.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Remove what the manifest does not know: left by a run that was killed, or by a revision that is over.

        Raises:
            SegmentsAheadError: lines that this database lost may be in some of it; nothing was removed.
        """
        manifest = self._manifest()
        with self._connection.transaction():
            further = ahead(self._folder, store.tree_size(self._connection))
        if further:
            raise SegmentsAheadError(len(further))
        known = {path for segment in manifest for path in segment.paths(self._folder)}
        for path in self._folder.iterdir():
            if path not in known and (path.suffix in {".part", ".parquet", ".index"}):
                path.unlink()
        write_manifest(self._folder, manifest)

    def _line(self, first: int) -> Entry:
        return Entry(
            kind=EntryKind.UPKEEP,
            act=Act.JOURNAL_END,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=self._appender.instance,
            policy=self._policy,
            reference=first,
        )


def is_due(begun: datetime, now: datetime) -> bool:
    """Whether a stretch that does not fill a segment is old enough to be sealed."""
    return begun <= now - SEAL_AFTER
