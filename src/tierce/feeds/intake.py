"""One import from beginning to end: lock, journal, lines, journal."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.directory.loads.service import Taking
from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.directory_files import layout_of, rows_of
from tierce.feeds.reader import file_sha256, read_rows
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.feed import FeedCounts, FeedRow, Rejection
from tierce.kernel.ids import InsurerId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.registry.columns import INSURERS, RIGHTS
from tierce.registry.contracts.columns import CONTRACTS
from tierce.registry.contracts.service import take_contracts
from tierce.registry.contracts.store import ContractStore
from tierce.registry.errors import FeedBusyError, FeedRefusedError, InsurerUnknownError
from tierce.registry.model import People
from tierce.registry.service import CHUNK_LINES, Listener, RightsImport, take_insurers
from tierce.registry.store import RegistryStore

INSTANCE: Final = "feed"
"""The name under which imports sign their journal lines."""

_RIGHTS_CATEGORIES: Final = (
    DataCategory.CIVIL_STATUS
    | DataCategory.BIRTH_DATE
    | DataCategory.NIR
    | DataCategory.INSURER
    | DataCategory.GUARANTEES
)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file."""

    kind: str
    file: str
    sha256: str
    amc: str | None
    feed: int
    dry_run: bool
    counts: FeedCounts
    seconds: float

    def summary(self) -> dict[str, object]:
        """Return the report as plain values, for machines."""
        return {
            "kind": self.kind,
            "file": self.file,
            "sha256": self.sha256,
            "amc": self.amc,
            # A 63-bit number does not fit the numbers of JavaScript.
            "feed": str(self.feed),
            "dry_run": self.dry_run,
            "read": self.counts.read,
            "taken": self.counts.taken,
            "unchanged": self.counts.unchanged,
            "rejected": self.counts.rejected,
            "rejected_by_field": self.counts.reasons,
            "seconds": round(self.seconds, 3),
        }


class Intake:
    """Imports files over one connection of role tierce_feed; each import is one feed in register and journal.

    Crash, step by step: 1. before the first commit nothing is there. 2. the feed row and its journal line are
    committed together, before the first line of the file. 3. each chunk of lines is committed whole. 4. the
    end is committed with a second journal line. After a crash the feed stays `running`; the same file, sent
    again, finds unchanged what was written and goes on.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        registry: RegistryStore,
        directory: DirectoryStore,
        appender: Appender,
        clock: Clock,
        people: People,
        chunk_lines: int = CHUNK_LINES,
    ) -> None:
        """Both stores use `connection`; `people` says whether the installation holds real or invented people."""
        self._chunk_lines = chunk_lines
        self._connection = connection
        self._registry = registry
        self._directory = directory
        self._appender = appender
        self._clock = clock
        self._people = people

    def close(self) -> None:
        """Close the connection; for `contextlib.closing`."""
        self._connection.close()

    def rights(self, path: Path, amc: str, listener: Listener, *, dry_run: bool = False) -> Report:
        """Take in the rights feed of the insurer `amc`.

        Raises:
            InsurerUnknownError: no insurer has this AMC number.
            FeedRefusedError: the file is another insurer's or another kind's; nothing was written.
            FeedBusyError: another import is running.
        """
        rows = read_rows(path, RIGHTS)
        first = next(rows, None)
        if isinstance(first, FeedRow) and first.cells["amc"] != amc:
            msg = f"{path.name}: its first line is of another insurer than {amc}; nothing was written: check the file"
            raise FeedRefusedError(msg)
        sender = self._registry.sender(amc, self._people)
        if sender is None:
            raise InsurerUnknownError
        every = rows if first is None else itertools.chain([first], rows)
        importer = RightsImport(self._registry, sender, listener, dry_run=dry_run, chunk_lines=self._chunk_lines)
        feed = _Feed("rights", path, amc, sender.id, Act.FEED_RIGHTS, _RIGHTS_CATEGORIES)
        return self._run(feed, lambda: importer.run(every), dry_run=dry_run)

    def insurers(self, path: Path, listener: Listener) -> Report:
        """Take in the insurers' file, whole or not at all."""
        rows = read_rows(path, INSURERS)
        feed = _Feed("insurers", path, None, None, Act.FEED_RIGHTS, DataCategory.NONE)
        return self._run(feed, lambda: take_insurers(self._registry, rows, listener))

    def contracts(self, path: Path, listener: Listener, *, dry_run: bool = False) -> Report:
        """Take in contracts between insurers and professionals."""
        rows = read_rows(path, CONTRACTS)
        feed = _Feed("contracts", path, None, None, Act.FEED_CONTRACTS, DataCategory.NONE)
        store = ContractStore(self._connection)
        return self._run(feed, lambda: take_contracts(store, rows, listener), dry_run=dry_run)

    def directory(
        self,
        path: Path,
        listener: Listener,
        *,
        dry_run: bool = False,
        day: int | None = None,
        confirmed: int | None = None,
    ) -> Report:
        """Take in one of the directory's files, whole or not at all; its first line tells which it is.

        What it changes changes on `day` (a day number; None: today). `confirmed` repeats the number of an abnormal
        difference that somebody has looked at.

        Raises:
            FeedRefusedError: the header is that of no file of the directory.
            AbnormalDifferenceError: it would change too much at once; nothing was written, and the journal says so.
        """
        layout = layout_of(path)
        rows = rows_of(path, layout)
        taking = Taking(listener.on_rejection, listener.on_lines, day, confirmed)
        feed = _Feed("directory", path, None, None, Act.FEED_DIRECTORY, DataCategory.PROFESSIONAL_RECORD)
        return self._run(feed, lambda: layout.take(self._directory, rows, taking), dry_run=dry_run)

    def _run(self, feed: "_Feed", take: Callable[[], FeedCounts], *, dry_run: bool = False) -> Report:
        started = time.perf_counter()
        number = new_id()
        sha256 = file_sha256(feed.path)
        with self._alone():
            if dry_run:
                counts = take()
                self._registry.rollback()
            else:
                counts = self._noted(feed, number, sha256, take)
        return Report(
            kind=feed.kind,
            file=feed.path.name,
            sha256=sha256.hex(),
            amc=feed.amc,
            feed=number,
            dry_run=dry_run,
            counts=counts,
            seconds=time.perf_counter() - started,
        )

    def _noted(self, feed: "_Feed", number: int, sha256: bytes, take: Callable[[], FeedCounts]) -> FeedCounts:
        """Import between two journal lines."""
        self._registry.begin(number, feed.kind, feed.insurer, sha256, self._clock.now())
        self._note(feed, number, Outcome.NONE)
        self._registry.commit()
        try:
            counts = take()
        except TierceError:
            self._registry.rollback()
            self._registry.end(number, "refused", FeedCounts(), self._clock.now())
            self._note(feed, number, Outcome.NOT_ALLOWED)
            self._registry.commit()
            raise
        if feed.insurer is not None:
            self._registry.count_people(feed.insurer)
        self._registry.end(number, "done", counts, self._clock.now())
        self._note(feed, number, Outcome.DONE)
        self._registry.commit()
        return counts

    def _note(self, feed: "_Feed", number: int, outcome: Outcome) -> None:
        entry = Entry(
            kind=EntryKind.FEED,
            act=feed.act,
            outcome=outcome,
            time_us=micros(self._clock.now()),
            insurer=feed.insurer or InsurerId(0),
            categories=feed.categories,
            policy=policy_digest(),
            reference=number,
        )
        self._appender.write(self._connection, [entry])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._registry.lock():
            self._registry.rollback()
            raise FeedBusyError
        try:
            yield
        finally:
            # A broken connection has already given the lock back.
            if not self._connection.broken:
                self._registry.rollback()
                self._registry.unlock()


@dataclass(frozen=True, slots=True)
class _Feed:
    """What is being taken in."""

    kind: str
    path: Path
    amc: str | None
    insurer: InsurerId | None
    act: Act
    categories: DataCategory


def no_listener() -> Listener:
    """Return a listener that listens to nothing, for imports whose report is enough."""

    def ignore_rejection(_rejection: Rejection) -> None:
        return

    def ignore_lines(_lines: int) -> None:
        return

    return Listener(ignore_rejection, ignore_lines)
