"""Puts committed entries into the Merkle tree: the order of writes is the design, and recovery is the same code.

    read -> places + signed checkpoint, one transaction -> tiles -> published checkpoint -> kept checkpoint

The database is trusted to say what was committed; tiles and notes outside it are held to a signed root before they
are built upon. What a crash means stands at each step of `step` and of `following.py`.
"""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection
from psycopg.errors import UniqueViolation

from tierce.journal import store
from tierce.journal.errors import SequencerBusyError
from tierce.journal.following import Follower, Tree
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.note import checkpoint_note
from tierce.journal.store import CheckpointRow, Placed, Unplaced
from tierce.journal.tiles.folder import LogFolder

STEP_BLOCKS_MAX = 4_096
STEP_ENTRIES_MAX = 65_536
"""What one step takes at most; the rest waits for the next step."""


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
        `retired` are the log's earlier keys, whose last checkpoint may still be the newest; the others are as in
        `Follower`.

        Raises:
            SequencerBusyError: another one runs.
            LogFatalError: what is stored is not what was signed: nothing is written until a human has looked.
        """
        self._connection = connection
        self._origin = origin
        self._key = key
        keys = (key.public_key(), *retired)
        self._outside = Follower(connection, origin, keys, log, kept=kept, sealed=sealed, progress=progress)
        store.take_lock(connection)
        connection.commit()
        self._tree: Tree | None = self._outside.load()

    def step(self) -> int:
        """Sequence what is committed and not in the tree; give the number of entries added (0: nothing was waiting).

        On any error what is remembered is forgotten, and the next step begins by reading it again from the stores.

        Raises:
            LogFatalError: the stores are not what was signed; the log must be looked at by a human.
            SequencerBusyError: another sequencer wrote; nothing of this step was.
        """
        tree = self._tree if self._tree is not None else self._outside.load()
        self._tree = None
        try:
            # 1. Read. Crash: nothing was written; the next sequencer reads the same rows.
            found, now = store.unplaced(self._connection, tree.seen, STEP_BLOCKS_MAX)
            taken, seen = take(found, now, STEP_BLOCKS_MAX)
            if not taken:
                self._connection.rollback()
                self._tree = Tree(tree.edge, seen)
                return 0
            placed = places(taken, tree.edge.size)
            edge = tree.edge.copy()
            tiles = edge.append(self._outside.hashes(placed))  # 9. sequence
            note = checkpoint_note(self._origin, edge.size, edge.root(), self._key)
            # 2. Places and checkpoint, in one transaction: crash before the commit, neither is there.
            store.insert_placed(self._connection, placed)
            store.insert_checkpoint(self._connection, CheckpointRow(edge.size, edge.root(), note, seen))
            # 3. Commit. Its outcome may be unknown: then memory is gone, and `load` finds either both or neither.
            #    Committed, it binds us: this size has this root. Nobody was shown it yet.
            self._connection.commit()
            self._outside.apply(edge, tiles, note)
        except UniqueViolation:
            self._connection.rollback()
            msg = (
                "un autre séquenceur a écrit depuis la même taille ; cette étape n’a rien écrit / "
                "another sequencer wrote from the same size; this step wrote nothing"
            )
            raise SequencerBusyError(msg) from None
        except BaseException:
            if not self._connection.closed:
                self._connection.rollback()
            raise
        self._tree = Tree(edge, seen)
        return sum(one.count for one in placed)


def take(found: Sequence[Unplaced], now: str, limit: int) -> tuple[list[Unplaced], str]:
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


def places(taken: Sequence[Unplaced], size: int) -> list[Placed]:
    """Give the blocks their places behind `size` leaves, in the order of their numbers."""
    placed = []
    for one in sorted(taken, key=lambda batch: batch.block):
        placed.append(Placed(one.block, size, one.count))
        size += one.count
    return placed
