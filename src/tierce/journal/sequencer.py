"""Puts committed entries into the Merkle tree: the order of writes is the design, and recovery is the same code.

    read -> places + signed checkpoint, one transaction -> tiles -> published checkpoint -> kept checkpoint

The database is trusted to say what was committed; tiles and notes outside it are held to a signed root before they
are built upon. What a crash means stands at each step of `step` and `_apply`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection
from psycopg.errors import UniqueViolation

from tierce.journal import store
from tierce.journal.errors import BatchBrokenError, ForkError, SequencerBusyError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.merkle import EMPTY_ROOT, HASH_BYTES
from tierce.journal.note import Checkpoint, checkpoint_note, read_checkpoint
from tierce.journal.store import CheckpointRow, Placed, Unplaced
from tierce.journal.tiles.edge import Edge
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import Tile
from tierce.journal.tiles.tree import TileTree

STEP_BLOCKS_MAX = 4_096
STEP_ENTRIES_MAX = 65_536
"""What one step takes at most; the rest waits for the next step."""
REBUILD_LEAVES = 262_144
"""Leaves whose tiles are written together when tiles are made again."""
REBUILD_CHECKPOINTS = 4_096
"""Checkpoints that are read together meanwhile: a year has some thirty million."""
NOTHING_SEEN = "2:2:"
"""The state before the first transaction, as a pg_snapshot."""


@dataclass(slots=True)
class _Tree:
    """What the sequencer remembers between two steps, so that a step costs only what is new."""

    edge: Edge
    seen: str
    """What the last reading saw: the next one begins with what it did not."""


class Sequencer:
    """The single writer of a log: its places, checkpoints and tiles.

    One by an advisory lock on the very connection that it writes on: when that connection is lost, so are the lock
    and the ability to write. And one by compare-and-swap in any case: a step's first place is the size of the tree
    that it grew from, and the keys of journal.placed and journal.checkpoint refuse a second step from there.

    Not for threads: whoever made it owns it, and its connection.
    """

    def __init__(
        self,
        connection: Connection,
        origin: str,
        key: Ed25519PrivateKey,
        log: LogFolder,
        *,
        kept: KeptCheckpoint | None = None,
        retired: Sequence[Ed25519PublicKey] = (),
        sealed: Callable[[int, int], bytes] = lambda _first, _count: b"",
        progress: Callable[[int], None] = lambda _size: None,
    ) -> None:
        """Become the single sequencer of the log named `origin`, whose checkpoints `key` signs.

        `connection` is a connection of role tierce_worker that nothing else uses; `log` is where tiles are published;
        `kept` is where the last checkpoint is kept besides; `retired` are the log's earlier keys, whose last
        checkpoint may still be the newest; `sealed` gives the hashes of leaves whose rows are in segments alone, from
        the first on and so many, or nothing: tiles are made again from them, and held to signed roots like the rest;
        `progress` is told up to which leaf they are made.

        Raises:
            SequencerBusyError: another one runs.
            LogFatalError: what is stored is not what was signed: nothing is written until a human has looked.
        """
        self._connection = connection
        self._origin = origin
        self._key = key
        self._log = log
        self._kept = kept
        self._keys = (key.public_key(), *retired)
        self._sealed, self._progress = sealed, progress
        store.take_lock(connection)
        connection.commit()
        self._tree: _Tree | None = self._load()

    def step(self) -> int:
        """Sequence what is committed and not in the tree; give the number of entries added (0: nothing was waiting).

        On any error what is remembered is forgotten, and the next step begins by reading it again from the stores.

        Raises:
            LogFatalError: the stores are not what was signed; the log must be looked at by a human.
            SequencerBusyError: another sequencer wrote; nothing of this step was.
        """
        tree = self._tree if self._tree is not None else self._load()
        self._tree = None
        try:
            # 1. Read. Crash: nothing was written; the next sequencer reads the same rows.
            found, now = store.unplaced(self._connection, tree.seen, STEP_BLOCKS_MAX)
            taken, seen = _take(found, now, STEP_BLOCKS_MAX)
            if not taken:
                self._connection.rollback()
                self._tree = _Tree(tree.edge, seen)
                return 0
            placed = _places(taken, tree.edge.size)
            edge = tree.edge.copy()
            tiles = edge.append(self._hashes(placed))  # 9. sequence
            note = checkpoint_note(self._origin, edge.size, edge.root(), self._key)
            # 2. Places and checkpoint, in one transaction: crash before the commit, neither is there.
            store.insert_placed(self._connection, placed)
            store.insert_checkpoint(self._connection, CheckpointRow(edge.size, edge.root(), note, seen))
            # 3. Commit. Its outcome may be unknown: then memory is gone, and `_load` finds either both or neither.
            #    Committed, it binds us: this size has this root. Nobody was shown it yet.
            self._connection.commit()
            self._apply(edge, tiles, note)
        except UniqueViolation:
            self._connection.rollback()
            msg = "another sequencer wrote from the same size; this step wrote nothing"
            raise SequencerBusyError(msg) from None
        except BaseException:
            if not self._connection.closed:
                self._connection.rollback()
            raise
        self._tree = _Tree(edge, seen)
        return sum(one.count for one in placed)

    def _apply(self, edge: Edge, tiles: Sequence[Tile], note: str) -> None:
        """Bring the log's folder up to a committed checkpoint; the normal path and recovery both end here."""
        # 4. Tiles, durable before anybody is told of them. Crash: some are there, and equal to what is written again.
        self._log.put([*tiles, *edge.partial()])
        # 5. The checkpoint is published. Crash before: readers go on with the last one, whose tiles are all there.
        self._log.publish(note)
        # 6. It is kept outside. Crash before: the one kept is older, which is no contradiction.
        if self._kept is not None:
            self._kept.write(note)
        # 7. Partial forms of tiles now full. Crash before: they stay, and harm nobody.
        self._log.drop_partials(tiles)

    def _hashes(self, placed: Sequence[Placed]) -> bytes:
        """The joined leaf hashes of whole blocks, in the tree's order."""
        found = store.leaf_hashes(self._connection, [one.block for one in placed])
        for one in placed:
            there = len(found.get(one.block, b"")) // HASH_BYTES
            if there < one.count:
                found[one.block] = self._sealed(one.first, one.count)
                there = len(found[one.block]) // HASH_BYTES
            if there != one.count:
                msg = f"block {one.block} signs {one.count} entries and {there} are stored"
                raise BatchBrokenError(f"{msg}: run `tierce journal verify`")
        return b"".join([found[one.block] for one in placed])

    def _load(self) -> _Tree:
        """Find where the log stands, from what is stored alone, and bring the folder up to it.

        Reads the right edge of the tiles and holds it to the root that was published under the log's signature: O(log
        n).
        """
        with self._connection.transaction():
            last = store.last_checkpoint(self._connection)
            size = 0 if last is None else last.size
            stored = store.leaf_count(self._connection)
            if stored != size:
                msg = f"{stored} leaves are stored but the last checkpoint signs {size}: run `tierce journal verify`"
                raise ForkError(msg)
            if last is None:
                self._log.begin()
            else:
                self._signed(last)
            kept = None if self._kept is None else self._noted(self._kept.read(), str(self._kept.path), size)
            edge = self._published(size)
            edge = self._rebuild(edge)
            if kept is not None and TileTree(self._log, size).root(kept.size) != kept.root:
                msg = "the log does not give the root kept outside: run `tierce journal verify`"
                raise ForkError(msg)
            if self._kept is not None and last is not None and (kept is None or kept.size < size):
                self._kept.write(last.note)
        return _Tree(edge, NOTHING_SEEN if last is None else last.seen)

    def _published(self, size: int) -> Edge:
        """The right edge under the published checkpoint; of the empty tree when nothing usable is published."""
        published = self._noted(self._log.checkpoint(), "the log's folder", size)
        if published is None:
            return Edge()
        root = store.root_of(self._connection, published.size)
        if root is not None and root != published.root:
            msg = f"the published checkpoint of {published.size} leaves is not the database's: two logs, or a fork"
            raise ForkError(msg)
        edge = self._log.edge(published.size)
        if edge is None or edge.root() != published.root:
            msg = (
                f"the tiles do not give the root published for {published.size} leaves: run `tierce journal verify`; "
                "docs/runbooks/journal-does-not-verify.md says how to make them again"
            )
            raise ForkError(msg)
        return edge

    def _rebuild(self, edge: Edge) -> Edge:
        """Append what was committed and is not in the folder, each checkpoint held to its signed root."""
        while behind := store.checkpoints_after(self._connection, edge.size, REBUILD_CHECKPOINTS):
            for rows in _stretches(behind, edge.size):
                tiles: list[Tile] = []
                for row in rows:
                    tiles += edge.append(self._hashes(store.placed_between(self._connection, edge.size, row.size)))
                    if (edge.size, edge.root()) != (row.size, self._signed(row).root):
                        msg = f"the stored entries do not give the root signed for {row.size} leaves"
                        raise ForkError(f"{msg}: run `tierce journal verify`")
                self._apply(edge, tiles, rows[-1].note)
                self._progress(edge.size)
        return edge

    def _signed(self, row: CheckpointRow) -> Checkpoint:
        signed = read_checkpoint(row.note, self._origin, *self._keys)
        if (signed.size, signed.root) != (row.size, row.root):
            msg = f"the checkpoint of {row.size} leaves is not what its note signs: run `tierce journal verify`"
            raise ForkError(msg)
        return signed

    def _noted(self, note: str | None, where: str, size: int) -> Checkpoint | None:
        """A checkpoint kept outside the database, which must not be ahead of it."""
        if note is None:
            return None
        noted = read_checkpoint(note, self._origin, *self._keys)
        if noted.size > size:
            msg = (
                f"the database signs {size} leaves, but {where} keeps a checkpoint of {noted.size}: "
                "an older backup was restored. Nothing is sequenced; see docs/runbooks/backup-and-restore.md"
            )
            raise ForkError(msg)
        return noted if noted.size or noted.root != EMPTY_ROOT else None


def _stretches(rows: Sequence[CheckpointRow], size: int) -> Iterator[list[CheckpointRow]]:
    """Cut checkpoints into groups whose leaves are appended and written together."""
    group: list[CheckpointRow] = []
    for row in rows:
        group.append(row)
        if row.size - size >= REBUILD_LEAVES:
            yield group
            group, size = [], row.size
    if group:
        yield group


def _take(found: Sequence[Unplaced], now: str, limit: int) -> tuple[list[Unplaced], str]:
    """Whole batches up to the step's limit, and what can then be said to have been seen.

    When all that was found is taken, all that this reading saw was seen. When some is left, only the transactions
    below the first that is left: those in progress among them are named, as in any pg_snapshot.
    """
    taken: list[Unplaced] = []
    entries = 0
    for one in found:
        if taken and entries + one.count > STEP_ENTRIES_MAX:
            break
        taken.append(one)
        entries += one.count
    if len(taken) == len(found) < limit:
        return taken, now
    cut = found[min(len(taken), len(found) - 1)].transaction
    running = [one for one in now.split(":")[2].split(",") if one and int(one) < cut]
    return taken, f"{min(map(int, running), default=cut)}:{cut}:{','.join(running)}"


def _places(taken: Sequence[Unplaced], size: int) -> list[Placed]:
    """Give the blocks their places behind `size` leaves, in the order of their numbers."""
    placed = []
    for one in sorted(taken, key=lambda batch: batch.block):
        placed.append(Placed(one.block, size, one.count))
        size += one.count
    return placed
