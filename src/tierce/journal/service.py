"""Appending to the journal, and proving that an entry is in its tree."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import AsyncConnection, Connection

from tierce.journal import store
from tierce.journal.encoding import encode
from tierce.journal.errors import EntryFieldError, EntryMissingError, NotSequencedError
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry
from tierce.journal.note import unverified_checkpoint
from tierce.journal.signing import entry_seq, sign_batch
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.tree import TileTree
from tierce.kernel.ids import EntrySeq

APPEND_ENTRIES_MAX = 64
"""The floor of `journal.append`: what one call may write."""
LOG_ORIGIN = "tierce.local/journal"
"""The log's name on its checkpoints, unless the operator gives another."""
LOG_KEY_NAME = "log"
"""The checkpoints' own signing key is the key file `instance-log.key`."""


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


def prove(connection: Connection, log: LogFolder, seq: EntrySeq) -> Proof:
    """Prove that an entry is under the published checkpoint; reads O(log n) tiles.

    Nothing is verified here, so that an altered log gives a proof that does not hold, to whoever checks it.

    Raises:
        EntryMissingError: no entry has this number.
        NotSequencedError: the entry is not under a published checkpoint yet.
        TileMissingError: a tile is not there.
    """
    body = store.entry_body(connection, seq)
    if body is None:
        msg = f"aucune ligne du journal n’a le numéro {seq} / no journal entry has the number {seq}"
        raise EntryMissingError(msg)
    return prove_body(connection, log, seq, body)


def prove_body(connection: Connection, log: LogFolder, seq: EntrySeq, body: bytes) -> Proof:
    """Do as `prove` for an entry whose bytes the caller was given: for a role that may not read entries.

    Raises:
        NotSequencedError: the entry is not under a published checkpoint yet.
        TileMissingError: a tile is not there.
    """
    index = store.leaf_index(connection, seq)
    note = log.checkpoint()
    if index is None or note is None:
        raise NotSequencedError
    signed = unverified_checkpoint(note)
    if index >= signed.size:
        raise NotSequencedError
    path = TileTree(log, signed.size).inclusion(index)
    return Proof(
        format=PROOF_FORMAT,
        seq=seq,
        entry=body.hex(),
        index=index,
        size=signed.size,
        path=[node.hex() for node in path],
        checkpoint=note,
    )
