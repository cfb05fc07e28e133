"""Appending to the journal, sequencing it into the tree, and proving that an entry is in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import AsyncConnection, Connection

from tierce.journal import store
from tierce.journal.encoding import encode
from tierce.journal.errors import EntryFieldError, EntryMissingError, ForkError, NotSequencedError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.merkle import Frontier, inclusion_proof, leaf_hash
from tierce.journal.model import BATCH_ENTRIES_MAX, Entry
from tierce.journal.note import Checkpoint, checkpoint_note, read_checkpoint
from tierce.journal.signing import entry_seq, sign_batch
from tierce.kernel.ids import EntrySeq

APPEND_ENTRIES_MAX = 64
"""The floor of `journal.append`: what one call may write."""
LOG_ORIGIN = "tierce.local/journal"
"""The log's name on its checkpoints, unless the operator gives another."""
LOG_KEY_NAME = "log"
"""The checkpoints' own signing key is the key file `instance-log.key`."""
STEP_ENTRIES_MAX = 16_384
"""What one step of the sequencer takes at most; the rest waits for the next step."""


class Appender:
    """Writes entries that are not the gate's: staff, persons, feeds, identity, watch.

    One per process; it holds the instance's number and signing key, and never a connection.
    """

    def __init__(self, instance: int, key: Ed25519PrivateKey) -> None:
        """Sign as `instance`, which `enrol` gives."""
        self.instance = instance
        self._key = key

    @classmethod
    def enrol(cls, connection: Connection, name: str, key: Ed25519PrivateKey) -> "Appender":
        """Register the process's public key under the connected role, commit, and make its appender.

        A name already registered with another key or role is refused by the database.
        """
        instance = store.register(connection, name, key.public_key().public_bytes_raw())
        connection.commit()
        return cls(instance, key)

    @classmethod
    async def enrol_async(cls, connection: AsyncConnection, name: str, key: Ed25519PrivateKey) -> "Appender":
        """Do as `enrol`, on an asynchronous connection."""
        instance = await store.register_async(connection, name, key.public_key().public_bytes_raw())
        await connection.commit()
        return cls(instance, key)

    def write(self, connection: Connection, entries: Sequence[Entry]) -> list[EntrySeq]:
        """Insert one signed batch in the connection's transaction, without committing it.

        The line and what it tells of can so commit together. Nothing may be shown before that commit.

        Raises:
            EntryFieldError: no entry, more than APPEND_ENTRIES_MAX, or one that does not fit the encoding.
        """
        bodies = _bodies(entries)
        block = store.number(connection.execute(store.NEXT_BLOCK).fetchone())
        connection.execute(store.APPEND, (self.instance, block, bodies, self._sign(block, bodies)))
        return [entry_seq(block, place) for place in range(len(bodies))]

    async def write_async(self, connection: AsyncConnection, entries: Sequence[Entry]) -> list[EntrySeq]:
        """Do as `write`, on an asynchronous connection."""
        bodies = _bodies(entries)
        cursor = await connection.execute(store.NEXT_BLOCK)
        block = store.number(await cursor.fetchone())
        await connection.execute(store.APPEND, (self.instance, block, bodies, self._sign(block, bodies)))
        return [entry_seq(block, place) for place in range(len(bodies))]

    def append(self, connection: Connection, entries: Sequence[Entry]) -> list[EntrySeq]:
        """Insert one signed batch and commit: on return the lines are durable."""
        numbers = self.write(connection, entries)
        connection.commit()
        return numbers

    async def append_async(self, connection: AsyncConnection, entries: Sequence[Entry]) -> list[EntrySeq]:
        """Do as `append`, on an asynchronous connection."""
        numbers = await self.write_async(connection, entries)
        await connection.commit()
        return numbers

    def _sign(self, block: int, bodies: Sequence[bytes]) -> bytes:
        return sign_batch(self._key, self.instance, block, [leaf_hash(body) for body in bodies])


def _bodies(entries: Sequence[Entry]) -> list[bytes]:
    if not 1 <= len(entries) <= APPEND_ENTRIES_MAX:
        msg = f"a batch has 1 to {APPEND_ENTRIES_MAX} entries, not {len(entries)}"
        raise EntryFieldError(msg)
    return [encode(entry) for entry in entries]


@dataclass(slots=True)
class _Tree:
    """What the sequencer remembers between two steps, so that a step costs only what is new."""

    frontier: Frontier
    next_block: int
    """Every block from here on is still to come."""
    passed: set[int]
    """Blocks below `next_block` that have no leaf: in flight when they were passed, or abandoned."""


class Sequencer:
    """Puts settled entries into the Merkle tree and signs a checkpoint; exactly one runs at a time.

    It writes on the very connection that holds the advisory lock: when that connection is lost, so are the
    lock and the ability to write, and the primary keys of leaves and checkpoints refuse a second writer
    in any case.
    """

    def __init__(
        self,
        connection: Connection,
        origin: str,
        key: Ed25519PrivateKey,
        *,
        kept: KeptCheckpoint | None = None,
        retired: Sequence[Ed25519PublicKey] = (),
    ) -> None:
        """Become the single sequencer of the log named `origin`, whose checkpoints `key` signs.

        `connection` is a connection of role tierce_worker that nothing else uses; `kept` is where the last
        checkpoint is kept outside the database; `retired` are the log's earlier keys, whose last checkpoint may still
        be the newest.

        Raises:
            SequencerBusyError: another one runs.
            ForkError: what is stored is not what the last checkpoint signed, or the one kept outside.
        """
        self._connection = connection
        self._origin = origin
        self._key = key
        self._kept = kept
        self._keys = (key.public_key(), *retired)
        store.take_lock(connection)
        connection.commit()
        self._tree: _Tree | None = self._load()

    def step(self) -> int:
        """Sequence what is settled now; give the number of entries added (0: nothing was waiting).

        Crash or lost connection, step by step:

        1. read: nothing was written; the next sequencer reads the same rows.
        2. insert leaves, 3. insert checkpoint: both in one transaction, so neither is there.
        4. commit: its outcome may be unknown, so what we remember is forgotten before it and read again
           from the database: either both leaves and checkpoint are there, or neither. The checkpoint was
           shown to nobody before it was committed, so no other one of its size was ever published.

        Raises:
            ForkError: on the load that follows a failed step; the log must then be looked at by a human.
        """
        tree = self._tree if self._tree is not None else self._load()
        self._tree = None
        try:
            rows = _whole_blocks(
                store.settled(
                    self._connection, tree.next_block * BATCH_ENTRIES_MAX, sorted(tree.passed), STEP_ENTRIES_MAX
                )
            )
            if not rows:
                self._connection.rollback()
                self._tree = tree
                return 0
            leaves = [(seq, leaf_hash(body)) for seq, body in rows]  # 9. sequence
            store.insert_leaves(self._connection, tree.frontier.size, leaves)
            frontier = tree.frontier.copy()
            for _seq, leaf in leaves:
                frontier.append(leaf)
            root = frontier.root()
            note = checkpoint_note(self._origin, frontier.size, root, self._key)
            store.insert_checkpoint(self._connection, store.CheckpointRow(frontier.size, root, note))
            self._connection.commit()
        except BaseException:
            if not self._connection.closed:
                self._connection.rollback()
            raise
        self._tree = _after(tree, frontier, [seq for seq, _leaf in leaves])
        if self._kept is not None:
            self._kept.write(note)
        return len(leaves)

    def _load(self) -> _Tree:
        """Rebuild what is remembered from the stored leaves, and hold it to the last signed checkpoint."""
        with self._connection.transaction():
            last = store.last_checkpoint(self._connection)
            size = last.size if last else 0
            stored = store.leaf_count(self._connection)
            if stored != size:
                msg = f"{stored} leaves are stored but the last checkpoint signs {size}: run `tierce journal verify`"
                raise ForkError(msg)
            kept = self._kept_checkpoint()
            if kept is not None and kept.size > size:
                assert self._kept is not None
                msg = (
                    f"the database signs {size} leaves, but {self._kept.path} keeps a checkpoint of {kept.size}: "
                    "an older backup was restored. Nothing is sequenced; see docs/runbooks/backup-and-restore.md"
                )
                raise ForkError(msg)
            frontier = Frontier(())
            root_then = frontier.root()
            for leaf in store.leaf_hashes(self._connection, size):
                frontier.append(leaf)
                if kept is not None and frontier.size == kept.size:
                    root_then = frontier.root()
            if kept is not None and root_then != kept.root:
                msg = "the stored leaves do not give the root kept outside: run `tierce journal verify`"
                raise ForkError(msg)
            if last is not None:
                signed = read_checkpoint(last.note, self._origin, *self._keys)
                if (signed.size, signed.root) != (frontier.size, frontier.root()):
                    msg = (
                        f"the stored leaves do not give the root signed for {signed.size} leaves: "
                        "run `tierce journal verify`"
                    )
                    raise ForkError(msg)
            passed: set[int] = set()
            following = 0
            for block in store.sequenced_blocks(self._connection):
                passed.update(range(following, block))
                following = block + 1
        return _Tree(frontier, following, passed)

    def _kept_checkpoint(self) -> Checkpoint | None:
        note = self._kept.read() if self._kept is not None else None
        return None if note is None else read_checkpoint(note, self._origin, *self._keys)


def _whole_blocks(rows: list[store.Row]) -> list[store.Row]:
    """Drop the last block when the limit may have cut it; a limit is far longer than a block."""
    if len(rows) < STEP_ENTRIES_MAX:
        return rows
    last = rows[-1][0] // BATCH_ENTRIES_MAX
    return [row for row in rows if row[0] // BATCH_ENTRIES_MAX != last]


def _after(tree: _Tree, frontier: Frontier, seqs: Sequence[int]) -> _Tree:
    taken = {seq // BATCH_ENTRIES_MAX for seq in seqs}
    following = max(tree.next_block, max(taken) + 1)
    passed = (tree.passed | set(range(tree.next_block, following))) - taken
    return _Tree(frontier, following, passed)


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything a person needs to check that an entry is in the log, without us.

    `entry` and the nodes of `path` are hexadecimal; `index` counts from 0; `checkpoint` is a signed note
    whose root the path leads to. docs/reference/journal-entry-v1.md has a script that checks it.
    """

    format: str
    seq: int
    entry: str
    index: int
    size: int
    path: list[str]
    checkpoint: str

    def to_json(self) -> str:
        """The proof file: JSON, indented, ending in a line feed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


PROOF_FORMAT = "tierce-proof-v1"


def prove(connection: Connection, seq: EntrySeq) -> Proof:
    """Prove that an entry is under the last checkpoint; reads every leaf hash, O(size).

    Raises:
        EntryMissingError: no entry has this number.
        NotSequencedError: the entry is not under a checkpoint yet.
    """
    body = store.entry_body(connection, seq)
    if body is None:
        msg = f"no journal entry has the number {seq}"
        raise EntryMissingError(msg)
    return prove_body(connection, seq, body)


def prove_body(connection: Connection, seq: EntrySeq, body: bytes) -> Proof:
    """Do as `prove` for an entry whose bytes the caller was given: for a role that may not read entries.

    Raises:
        NotSequencedError: the entry is not under a checkpoint yet.
    """
    with connection.transaction():
        index = store.leaf_index(connection, seq)
        # Read after the index: a leaf and its checkpoint are committed together, so this one covers it.
        checkpoint = store.last_checkpoint(connection)
        if index is None or checkpoint is None:
            raise NotSequencedError
        leaves = list(store.leaf_hashes(connection, checkpoint.size))
    return Proof(
        format=PROOF_FORMAT,
        seq=seq,
        entry=body.hex(),
        index=index,
        size=checkpoint.size,
        path=[node.hex() for node in inclusion_proof(leaves, index)],
        checkpoint=checkpoint.note,
    )
