"""The independent reader: holds the stored journal to its signatures, its tiles, its tree and its checkpoints.

It shares no code with what writes: bytes are cut by their offsets in docs/reference/journal-entry-v1.md, the tree is
hashed from RFC 6962 §2.1, tiles and notes are found and read from the C2SP texts. It changes nothing and stops at
nothing: it lists all it finds, each finding at its entry, leaf or block. Memory does not grow with the log.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg import Connection

from tierce.journal.verifier import store
from tierce.journal.verifier.crew import Crew
from tierce.journal.verifier.front import Front
from tierce.journal.verifier.model import Report
from tierce.journal.verifier.notes import cosigned, read_note, read_witness
from tierce.journal.verifier.sealed import check_sealed
from tierce.journal.verifier.stretch import Stretch, Task, holds, leaf_hashes, readable
from tierce.journal.verifier.tiles import HASH, WIDTH
from tierce.journal.verifier.upper import UpperTiles

STRETCH_LEAVES = 1 << 15
"""Leaves verified by one task; a multiple of a tile's width."""
CHECKPOINT = "checkpoint"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Journal:
    """Where a journal is."""

    dsn: str
    """How to reach the database, under a role that may read the journal."""
    log: Path | None
    """The log's folder; without it the tree is held to the checkpoints from the entries alone."""
    segments: Path | None = None
    """The folder of sealed segments, where there are any."""


@dataclass(frozen=True, slots=True)
class _Point:
    """A size at which a root was signed, and by which note."""

    size: int
    root: bytes
    origin: str


def verify(
    journal: Journal,
    log_key: str,
    kept: Sequence[str] = (),
    retired: Sequence[str] = (),
    *,
    witnesses: Sequence[str] = (),
    sample: int = 1,
    processes: int = 1,
    stretch_leaves: int = STRETCH_LEAVES,
    progress: Progress = lambda _leaves: None,
) -> Report:
    """Check a journal against the log's public key line and against checkpoints kept elsewhere.

    Args:
        journal: where it is.
        log_key: `name+id+base64`, from outside the database if the answer is to hold against its owner.
        kept: signed notes that somebody else kept: a rewritten or restored log contradicts them.
        retired: the log's earlier key lines, each followed by a space and the last size that it may have signed.
        witnesses: key lines of those who cosign, from themselves: what is stored of theirs is verified too.
        sample: verify the batch signature of one block in so many; 1 verifies all. Hashes are always all verified.
        processes: how many read and hash beside each other.
        stretch_leaves: how many leaves one of them takes at a time; memory grows with it.
        progress: told how many leaves were just verified.
    """
    report = Report()
    keys = (log_key, *retired)
    # The published note is read before the database: what it signs was committed first, so it can never be ahead.
    note = None if journal.log is None else _published(journal.log)
    with Crew(processes) as crew, store.snapshot(journal.dsn) as (connection, name):
        report.batches, report.leaves = store.counts(connection)
        points = _points(report, connection, keys, note, kept)
        if note is not None:
            report.published = max((one.size for one in points if one.origin == "published"), default=0)
        instances = store.instances(connection)
        _check_waiting(report, connection, instances)
        _check_cosigned(report, connection, witnesses)
        published = min(report.published, report.leaves)
        sealed = check_sealed(report, connection, journal.segments, journal.log, published)
        task = Task(0, 0, published, journal.log, sample, instances, sealed)
        tree = _Tree(report, sorted(points, key=lambda one: one.size))
        upper = UpperTiles(report, journal.log, task.published)
        tasks = [
            replace(task, low=low, high=min(report.leaves, low + stretch_leaves))
            for low in range(0, report.leaves, stretch_leaves)
        ]
        stretches = crew.verify(connection, journal.dsn, name, tasks)
        _check_places(report, connection)
        for stretch in stretches:
            report.entries += stretch.entries
            report.signatures += stretch.signatures
            report.findings += stretch.report.findings
            tree.grow(stretch)
            upper.grow(stretch)
            progress(stretch.high - stretch.low)
        tree.end()
        upper.end()
    if journal.log is not None and report.published < report.leaves:
        message = f"tiles are published for {report.published} leaves of {report.leaves}"
        report.gap("tiles-behind", message, index=report.published)
    return report


def _published(log: Path) -> str | None:
    try:
        return (log / CHECKPOINT).read_text("utf-8")
    except FileNotFoundError:
        return None


def _points(
    report: Report, connection: Connection, keys: Sequence[str], published: str | None, kept: Sequence[str]
) -> list[_Point]:
    """Every signed root, its signature checked."""
    points: list[_Point] = []

    def read(note: str, origin: str, index: int | None) -> _Point | None:
        try:
            size, root = read_note(note, *keys)
        except ValueError as error:
            report.error("checkpoint-signature", f"a {origin} checkpoint: {error}", index=index)
            return None
        points.append(_Point(size, root, origin))
        return points[-1]

    for row in store.checkpoints(connection):
        report.checkpoints += 1
        said = read(row.note, "stored", row.size)
        if said is not None and (said.size, said.root) != (row.size, row.root):
            report.error("checkpoint-row", "the row does not repeat its signed note", index=row.size)
    if published is not None:
        read(published, "published", None)
    for note in kept:
        read(note, "kept", None)
    return points


def _check_cosigned(report: Report, connection: Connection, witnesses: Sequence[str]) -> None:
    """What each witness cosigned is a checkpoint that is stored, and its signature holds."""
    for line in witnesses:
        witness = read_witness(line)
        for size, signature, note in store.cosignatures(connection, witness[0]):
            if note is None:
                message = f"{witness[0]} cosigned {size} leaves, and no checkpoint of that size is stored"
                report.error("cosignature-alone", message, index=size)
            elif not cosigned(note, signature, witness):
                message = f"a cosignature kept as {witness[0]}'s is not its own over that checkpoint"
                report.error("cosignature-signature", message, index=size)
            else:
                report.cosigned[witness[0]] = size


def _check_places(report: Report, connection: Connection) -> None:
    """Leaves are numbered without a hole, in the order of blocks within a checkpoint; blocks not used are listed."""
    for due, there, block in store.holes(connection):
        report.error("leaf-missing", f"leaf {due} is due, leaf {there} follows", index=due, block=block)
    for first, block, before in store.moved(connection):
        message = f"the block stands behind block {before} under one checkpoint"
        report.error("leaf-moved", message, seq=block * 256, index=first, block=block)
    for seq, block in store.strangers(connection):
        report.error("batch-missing", "the entry belongs to no signed batch", seq=seq, block=block)
    for first, last in store.number_gaps(connection):
        span = f"block {last} was" if last == first else f"blocks {first} to {last} were"
        report.gap("block-abandoned", f"{span} drawn and never written", block=first)


def _check_waiting(report: Report, connection: Connection, instances: dict[int, bytes]) -> None:
    """What is not in the tree yet is whole and signed too."""
    for batch in store.unplaced(connection):
        lines = store.lines(connection, batch.block)
        report.entries += len(lines)
        report.waiting += len(lines)
        bodies = b"".join(line.body for line in lines)
        if [line.seq for line in lines] != [batch.block * 256 + place for place in range(batch.count)]:
            message = f"{batch.count} entries were signed and {len(lines)} are stored"
            report.error("batch-cut", message, block=batch.block)
        elif not readable(bodies) or not holds(instances.get(batch.instance, b""), batch, leaf_hashes(bodies)):
            message = f"instance {batch.instance} did not sign these entries in this order"
            report.error("batch-signature", message, block=batch.block)


class _Tree:
    """Grows the tree stretch by stretch and holds it to every signed root, in order.

    Where entries and tiles disagree, both are tried up to the next signed root: the one that gives it is right.
    """

    def __init__(self, report: Report, points: Sequence[_Point]) -> None:
        self._report = report
        self._points = deque(points)
        self._signed = max((one.size for one in points if one.origin == "stored"), default=0)
        self._entries = Front()
        self._tiles: Front | None = None
        self._differ: list[tuple[int, int, int]] = []
        self._good = 0
        self._wrong: set[str] = set()

    def grow(self, stretch: Stretch) -> None:
        """Append a stretch, stopping at each signed size within it."""
        self._differ += stretch.differ
        while self._points and self._points[0].size <= stretch.high:
            here = [self._points.popleft()]
            size = here[0].size
            while self._points and self._points[0].size == size:  # a year has millions: those at hand alone
                here.append(self._points.popleft())
            self._append(stretch, size)
            self._judge(size, here)
        self._append(stretch, stretch.high)

    def end(self) -> None:
        """Judge what is beyond the last leaf, and what no stored checkpoint signs."""
        report, size = self._report, self._entries.size
        here = [one for one in self._points if one.size == size]
        if here:
            self._judge(size, here)
        report.root = self._entries.root().hex()
        if self._signed < size:
            report.error("leaf-unsigned", "leaves are stored under no checkpoint", index=self._signed)
        for one in self._points:
            if one.size > size and one.origin not in self._wrong:
                self._wrong.add(one.origin)
                message = (
                    f"a {one.origin} checkpoint signs {one.size} leaves, {size} are stored: the log was cut back"
                )
                report.error("log-cut", message, index=size)
        if self._differ:
            self._tell(altered="entry-altered")

    def _append(self, stretch: Stretch, upto: int) -> None:
        if stretch.tiled is not None and self._tiles is None and self._entries.size < upto:
            self._tiles = self._entries.copy()
        if self._tiles is not None:
            hashes = stretch.hashes if stretch.tiled is None else stretch.tiled
            _extend(self._tiles, stretch.low, hashes, None if stretch.tiled else stretch.roots, upto)
        _extend(self._entries, stretch.low, stretch.hashes, stretch.roots, upto)

    def _judge(self, size: int, here: Sequence[_Point]) -> None:
        root = self._entries.root()
        stored = [one.root for one in here if one.origin == "stored"]
        if self._tiles is not None:
            told = self._tiles.root()
            if stored and root in stored:
                self._tell(altered="tile-altered", below=size)
            elif stored and told in stored:
                self._tell(altered="entry-altered", below=size)
                self._entries, root = self._tiles, told
            else:
                self._tell(altered="entry-altered", below=size)
            self._tiles = None
        for one in here:
            if one.root != root and one.origin not in self._wrong:
                # Every later root differs too: only the first says something of the place.
                self._wrong.add(one.origin)
                message = f"a {one.origin} checkpoint signs another root of {size} leaves"
                self._report.error(
                    "root-differs", f"{message}: see leaves {self._good} to {size - 1}", index=self._good
                )
        if root in stored:
            self._good = size

    def _tell(self, *, altered: str, below: int | None = None) -> None:
        now = [one for one in self._differ if below is None or one[0] < below]
        self._differ = [one for one in self._differ if one not in now]
        what = {
            "entry-altered": "the entry is not the one in the tree",
            "tile-altered": "the tile does not hold this entry's hash; the signed root says that the entry is right",
        }[altered]
        for first, last, seq in now:
            span = what if first == last else f"{what}, up to leaf {last}"
            named = seq if altered == "entry-altered" and seq >= 0 else None
            self._report.error(altered, span, seq=named, index=first)


def _extend(front: Front, low: int, hashes: bytes, roots: Sequence[bytes] | None, upto: int) -> None:
    """Append the leaves from the front's size to `upto`, whole tiles at once where their roots are given."""
    while front.size < upto:
        at = front.size - low
        if roots is not None and at % WIDTH == 0 and front.size + WIDTH <= upto:
            front.add(8, roots[at // WIDTH])
        else:
            front.add(0, hashes[at * HASH : at * HASH + HASH])
