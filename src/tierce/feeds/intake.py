"""One import from beginning to end: lock, journal, lines, journal."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.billing.bank.copying import Seals
from tierce.billing.bank.feed import COLUMNS as ACCOUNTS
from tierce.billing.bank.feed import Taking as AccountsTaking
from tierce.billing.bank.feed import take_accounts
from tierce.billing.pricing.loads.columns import BENEFITS, TARIFFS
from tierce.billing.pricing.loads.service import Taking as Prices
from tierce.billing.pricing.loads.service import take_benefits, take_tariffs
from tierce.billing.pricing.loads.store import LoadStore
from tierce.directory.loads.service import Taking
from tierce.directory.loads.store import DirectoryStore
from tierce.feeds.directory_files import layout_of, rows_of
from tierce.feeds.reader import file_sha256, read_rows
from tierce.feeds.rights import LOAD_FROM, RightsRun, Ways
from tierce.feeds.together import take_together
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros, paris_day
from tierce.kernel.errors import TierceError
from tierce.kernel.feed import FeedCounts, Rejection
from tierce.kernel.ids import InsurerId, new_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.presence.columns import REPORTS
from tierce.presence.errors import PeerUnknownError
from tierce.presence.reporting import Peer, Reports, check_signature
from tierce.presence.store import ReportRows
from tierce.presence.store import peer as peer_of
from tierce.registry.columns import INSURERS
from tierce.registry.contracts.columns import CONTRACTS
from tierce.registry.contracts.service import take_contracts
from tierce.registry.contracts.store import ContractStore
from tierce.registry.errors import FeedBusyError, FeedRefusedError, InsurerUnknownError, SenderRefusedError
from tierce.registry.model import People
from tierce.registry.progress.model import Progress
from tierce.registry.progress.store import FeedBook
from tierce.registry.service import Listener, end_absent, take_insurers
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
            "outdated": self.counts.outdated,
            "ended": self.counts.ended,
            "seconds": round(self.seconds, 3),
        }


class Intake:
    """Imports files over one connection of role tierce_feed; each import is one feed in register and journal.

    Crash, step by step: 1. before the first commit nothing is there. 2. the feed row and its journal line are
    committed together, before the first line of the file. 3. each chunk of lines is committed whole, with how far
    it has come. 4. the end is committed with a second journal line. After a crash the feed stays `running`; the same
    file of rights, sent again, goes on behind the last chunk (feeds/rights.py); so does a peer's file.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        registry: RegistryStore,
        directory: DirectoryStore,
        reports: ReportRows,
        appender: Appender,
        clock: Clock,
        people: People,
        chunk_lines: int,
        load_from: int = LOAD_FROM,
    ) -> None:
        """Both stores use `connection`; `people` says whether the installation holds real or invented people.

        A file of `load_from` lines or more fills an empty register without its indexes.
        """
        self._load_from = load_from
        self._chunk_lines = chunk_lines
        self._connection = connection
        self._registry = registry
        self._directory = directory
        self._reports = reports
        self._appender = appender
        self._clock = clock
        self._people = people

    def close(self) -> None:
        """Close the connection; for `contextlib.closing`."""
        self._connection.close()

    def rights(
        self,
        path: Path,
        amc: str,
        listener: Listener,
        *,
        dry_run: bool = False,
        whole: bool = False,
        confirm_shrink: int | None = None,
    ) -> Report:
        """Take in the rights file of the insurer `amc`; go on where an interrupted import of it stood.

        `whole` says that the file holds every member: whoever is left out is ended. `confirm_shrink` repeats the
        number of people who would lose their cover, when an earlier run said that it is abnormal.

        Raises:
            InsurerUnknownError: no insurer has this AMC number.
            ContractEndedError: its contract has ended.
            FeedRefusedError: the file is another insurer's or another kind's; nothing was written.
            FeedHeldError: abnormally many people would lose their cover; nothing was taken from them.
            FeedBusyError: another import is running.
        """
        started = time.perf_counter()
        ways = Ways(dry_run, whole, confirm_shrink, self._chunk_lines, self._load_from)
        run = self._rights_run(path, amc, listener, ways)
        with self._alone():
            progress = run.run()
        return _of_rights(path, amc, progress, time.perf_counter() - started, dry_run=dry_run)

    def first_load(
        self, files: Sequence[Path], listener_of: Callable[[Path], Listener]
    ) -> Iterator[tuple[Path, Report | TierceError | None]]:
        """Take in many insurers' rights files, each named by its AMC number, into an empty register.

        Their lines are loaded together and the indexes built once; see feeds/together.py. Gives what became of each
        file as it ends: its report, what refused or holds it, or None where it is the insurer's last already.

        Raises:
            FeedRefusedError: a file is none of rights, or of no insurer; nothing was written of any.
            FeedBusyError: another import is running.
        """
        started = time.perf_counter()
        ways = Ways(
            dry_run=False, whole=False, confirm_shrink=None, chunk_lines=self._chunk_lines, load_from=self._load_from
        )
        runs = []
        for path in files:
            try:
                runs.append((path, self._rights_run(path, path.stem, listener_of(path), ways)))
            except SenderRefusedError as error:
                msg = f"{path.name} : {error}"
                raise FeedRefusedError(msg) from None
        with self._alone():
            for one in take_together(self._registry, runs):
                report = one.progress and _of_rights(
                    one.path, one.path.stem, one.progress, time.perf_counter() - started, dry_run=False
                )
                yield one.path, report or one.error

    def _rights_run(self, path: Path, amc: str, listener: Listener, ways: Ways) -> RightsRun:
        sender = self._registry.sender(amc, self._people)
        if sender is None:
            raise InsurerUnknownError
        self._registry.refuse_sender(sender.id)
        feed = _Feed("rights", path, amc, sender.id, Act.FEED_RIGHTS, _RIGHTS_CATEGORIES)
        return RightsRun(
            self._registry,
            sender,
            path,
            listener,
            clock=self._clock,
            ways=ways,
            note=lambda act, number, outcome: self._note(replace(feed, act=act), number, outcome),
        )

    def covered(self, amc: str) -> int:
        """How many people the insurer `amc` covers today; 0 when there is none."""
        return self._counted(amc, lambda book, insurer: book.count_covered(insurer, self._today()))

    def ahead(self, amc: str) -> int:
        """How many of its periods have not ended: those that run today, and those that begin later."""
        return self._counted(amc, lambda book, insurer: book.count_ahead(insurer, self._today()))

    def _counted(self, amc: str, count: Callable[[FeedBook, InsurerId], int]) -> int:
        sender = self._registry.sender(amc, self._people)
        found = 0 if sender is None else count(self._registry.book(), sender.id)
        self._registry.rollback()
        return found

    def end_rights(self, amc: str, progress: Callable[[int], None]) -> int:
        """End tonight every right of an insurer whose contract has ended; how many people had one.

        Stopped, it goes on when it is run again.

        Raises:
            InsurerUnknownError: no insurer has this AMC number.
            FeedBusyError: another import is running.
        """
        sender, ended = self._registry.sender(amc, self._people), 0
        if sender is None:
            raise InsurerUnknownError
        with self._alone():
            mark = new_id()
            writer, book = self._registry.writer(sender, mark), self._registry.book()
            for people in end_absent(writer, book, sender.id, self._today() + 1, mark, says_file=False):
                self._registry.commit()
                progress(people)
                ended += people
            self._registry.count_people(sender.id)
            self._registry.commit()
        return ended

    def _today(self) -> int:
        return paris_day(self._clock.now())

    def insurers(self, path: Path, listener: Listener, *, dry_run: bool = False) -> Report:
        """Take in the insurers' file, whole or not at all."""
        rows = read_rows(path, INSURERS)
        feed = _Feed("insurers", path, None, None, Act.FEED_RIGHTS, DataCategory.NONE)
        return self._run(feed, lambda: take_insurers(self._registry, rows, listener), dry_run=dry_run)

    def contracts(self, path: Path, listener: Listener, *, dry_run: bool, confirmed: int | None) -> Report:
        """Take in contracts between insurers and professionals.

        `confirmed` repeats how many listings begin: domains that the file closes to whoever it does not name.

        Raises:
            ListingHeldError: listings would begin unconfirmed; nothing was written, and the journal says so.
        """
        rows = read_rows(path, CONTRACTS)
        feed = _Feed("contracts", path, None, None, Act.FEED_CONTRACTS, DataCategory.NONE)
        store = ContractStore(self._connection)
        return self._run(
            feed, lambda: take_contracts(store, rows, listener, confirmed, dry_run=dry_run), dry_run=dry_run
        )

    def tariffs(
        self, path: Path, listener: Listener, *, dry_run: bool = False, confirmed: int | None = None
    ) -> Report:
        """Take in what items are worth, whole or not at all; `confirmed` repeats how many lines move far.

        Raises:
            PricesHeldError: some do, unconfirmed; nothing was written, and the journal says so.
        """
        rows, taking = read_rows(path, TARIFFS), Prices(new_id(), confirmed, dry_run)
        feed = _Feed("tariffs", path, None, None, Act.FEED_TARIFFS, DataCategory.NONE)
        store = LoadStore(self._connection)
        return self._run(
            feed, lambda: take_tariffs(store, rows, listener, taking), dry_run=dry_run, number=taking.feed
        )

    def benefits(
        self, path: Path, listener: Listener, *, dry_run: bool = False, confirmed: int | None = None
    ) -> Report:
        """Take in what insurers' products give, whole or not at all; `confirmed` repeats how many lines move far.

        Raises:
            PricesHeldError: some do, unconfirmed; nothing was written, and the journal says so.
        """
        rows, taking = read_rows(path, BENEFITS), Prices(new_id(), confirmed, dry_run)
        feed = _Feed("benefits", path, None, None, Act.FEED_BENEFITS, DataCategory.NONE)
        store = LoadStore(self._connection)
        return self._run(
            feed, lambda: take_benefits(store, rows, listener, taking), dry_run=dry_run, number=taking.feed
        )

    def accounts(self, path: Path, seals: Seals, listener: Listener, *, dry_run: bool) -> Report:
        """Take in establishments' accounts, as the operator collected them; none is in force yet."""
        rows = read_rows(path, ACCOUNTS)
        feed = _Feed("accounts", path, None, None, Act.ACCOUNT_ASK, DataCategory.BANK)
        taking = AccountsTaking(seals, self._appender, self._clock, real=self._people is People.REAL)
        return self._run(feed, lambda: take_accounts(self._connection, rows, listener, taking), dry_run=dry_run)

    def presence(self, path: Path, signature: Path, peer: str, listener: Listener, *, dry_run: bool) -> Report:
        """Take in a peer's file of invoiced care, once its signature is verified.

        Raises:
            PeerUnknownError: no peer of this name may report.
            FileUnsignedError: the peer did not sign this file.
        """
        found = peer_of(self._connection, peer)
        self._connection.rollback()
        if found is None:
            raise PeerUnknownError
        known = Peer(*found)
        check_signature(known, path, signature)
        rows = read_rows(path, REPORTS)
        feed = _Feed("presence", path, None, known.insurer, Act.FEED_PRESENCE, DataCategory.NONE)
        reports = Reports(self._reports, known, paris_day(self._clock.now()), self._chunk_lines)
        stood = None if dry_run else self._registry.unfinished(feed.kind, feed.insurer, file_sha256(path))
        number, before = (new_id(), FeedCounts()) if stood is None else stood

        def reached(counts: FeedCounts) -> None:
            if not dry_run:
                self._registry.reached(number, counts)
                self._registry.commit()

        return self._run(
            feed,
            lambda: reports.take(rows, listener, before, reached),
            dry_run=dry_run,
            number=number,
            begun=stood is not None,
        )

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
            FeedRefusedError: the header is that of no file of the directory, it cannot be opened, its day is ahead.
            AbnormalDifferenceError: it would change too much at once, or a later file of its layout was taken;
                nothing was written, and the journal says so.
        """
        layout = layout_of(path)
        rows = rows_of(path, layout)
        today = self._today()
        day = today if day is None else day
        if day > today:
            msg = (
                f"{path.name} : le jour du fichier est à venir ; donnez à --on celui de son extraction, au plus tard "
                "aujourd’hui / the file's day is ahead: give --on the day it was extracted, today at the latest"
            )
            raise FeedRefusedError(msg)
        feed = _Feed("directory", path, None, None, Act.FEED_DIRECTORY, DataCategory.PROFESSIONAL_RECORD,
                     of=(layout.name, day))  # fmt: skip

        def take() -> FeedCounts:
            # Asked once no other import runs.
            last = self._registry.last_day(layout.name)
            taking = Taking(listener.on_rejection, listener.on_lines, day, last, confirmed)
            return layout.take(self._directory, rows, taking)

        return self._run(feed, take, dry_run=dry_run)

    def _run(
        self,
        feed: "_Feed",
        take: Callable[[], FeedCounts],
        *,
        dry_run: bool = False,
        number: int | None = None,
        begun: bool = False,
    ) -> Report:
        """Take a file in; `begun` says that import `number` of it was interrupted and goes on."""
        started = time.perf_counter()
        number = number or new_id()
        sha256 = file_sha256(feed.path)
        with self._alone():
            if dry_run:
                counts = take()
                self._registry.rollback()
            else:
                counts = self._noted(feed, number, sha256, take, begun=begun)
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

    def _noted(
        self, feed: "_Feed", number: int, sha256: bytes, take: Callable[[], FeedCounts], *, begun: bool
    ) -> FeedCounts:
        """Import between two journal lines."""
        if not begun:
            self._registry.begin(number, feed.kind, feed.insurer, sha256, self._clock.now(), feed.of)
        self._note(replace(feed, act=Act.FEED_RESUME) if begun else feed, number, Outcome.NONE)
        self._registry.commit()
        try:
            counts = take()
        except TierceError:
            self._registry.rollback()
            self._registry.end(number, "refused", FeedCounts(), self._clock.now())
            self._note(feed, number, Outcome.NOT_ALLOWED)
            self._registry.commit()
            raise
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
    of: tuple[str, int] | None = None
    """Of the directory's files, the layout and the day."""


def _of_rights(path: Path, amc: str, progress: Progress, seconds: float, *, dry_run: bool) -> Report:
    return Report(
        kind="rights",
        file=path.name,
        sha256=progress.sha256.hex(),
        amc=amc,
        feed=progress.feed,
        dry_run=dry_run,
        counts=progress.counts,
        seconds=seconds,
    )


def no_listener() -> Listener:
    """Return a listener that listens to nothing, for imports whose report is enough."""

    def ignore_rejection(_rejection: Rejection) -> None:
        return

    def ignore_lines(_lines: int) -> None:
        return

    return Listener(ignore_rejection, ignore_lines)
