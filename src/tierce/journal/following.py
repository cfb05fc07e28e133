"""Brings a machine's folder of tiles and its kept checkpoint up to what was committed and signed.

The sequencer recovers by it, and a machine whose worker waits for its turn keeps level by it: otherwise what it
publishes and keeps would be of the day when it last sequenced, and a restore there would not see what is lost.

    committed places and signed checkpoints -> tiles -> published checkpoint -> kept checkpoint
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import Connection

from tierce.journal import store
from tierce.journal.errors import BatchBrokenError, ForkError
from tierce.journal.kept import KeptCheckpoint
from tierce.journal.merkle import EMPTY_ROOT, HASH_BYTES
from tierce.journal.note import Checkpoint, read_checkpoint
from tierce.journal.store import CheckpointRow, Placed
from tierce.journal.tiles.edge import Edge
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import Tile
from tierce.journal.tiles.tree import TileTree

REBUILD_LEAVES = 262_144
"""Leaves whose tiles are written together when tiles are made again."""
REBUILD_CHECKPOINTS = 4_096
"""Checkpoints that are read together meanwhile: a year has some thirty million."""
NOTHING_SEEN = "2:2:"
"""The state before the first transaction, as a pg_snapshot."""


@dataclass(slots=True)
class Tree:
    """Where a log stands, so that a step costs only what is new."""

    edge: Edge
    seen: str
    """What the last reading saw: the next one begins with what it did not."""


class Follower:
    """What is outside the database of one log, on one machine: tiles, published checkpoint, kept checkpoint.

    It reads rows and writes none. Not for threads.
    """

    def __init__(
        self,
        connection: Connection,
        origin: str,
        keys: Sequence[Ed25519PublicKey],
        log: LogFolder,
        *,
        kept: KeptCheckpoint | None = None,
        sealed: Callable[[int, int], bytes] = lambda _first, _count: b"",
        progress: Callable[[int], None] = lambda _size: None,
    ) -> None:
        """Follow the log named `origin`, whose checkpoints one of `keys` signed.

        `connection` is of role tierce_worker, in no transaction, and nothing else uses it meanwhile; `log` is where
        tiles are published; `kept` is where the last checkpoint is kept besides; `sealed` gives the hashes of leaves
        whose rows are in segments alone, from the first on and so many, or nothing: tiles are made again from them,
        and held to signed roots like the rest; `progress` is told up to which leaf they are made.
        """
        self._connection, self._origin, self._keys = connection, origin, tuple(keys)
        self._log, self._kept = log, kept
        self._sealed, self._progress = sealed, progress

    def load(self) -> Tree:
        """Find where the log stands, from what is stored alone, and bring the folder up to it.

        Reads the right edge of the tiles and holds it to the root that was published under the log's signature: O(log
        n).

        Raises:
            LogFatalError: what is stored is not what was signed: nothing is written.
        """
        with self._connection.transaction():
            if store.last_checkpoint(self._connection) is None:
                self._log.begin()
        # The database is read inside the folder's turn: what somebody else published there is then committed for us.
        with self._log.turn(), self._connection.transaction():
            store.one_snapshot(self._connection)
            last = store.last_checkpoint(self._connection)
            size = 0 if last is None else last.size
            stored = store.leaf_count(self._connection)
            if stored != size:
                msg = (
                    f"{stored} feuilles sont gardées et le dernier point de contrôle en signe {size} : `tierce "
                    f"journal verify` / {stored} leaves are stored but the last checkpoint signs {size}: run "
                    "`tierce journal verify`"
                )
                raise ForkError(msg)
            if last is not None:
                self._signed(last)
            kept = None if self._kept is None else self._noted(self._kept.read(), str(self._kept.path), size)
            # Before anything is written: what contradicts it would take its place, and nothing would tell any more.
            if kept is not None and store.root_of(self._connection, kept.size) != kept.root:
                msg = (
                    f"le point de contrôle de {kept.size} feuilles gardé dehors n’est pas celui de la base : deux "
                    f"journaux, ou une bifurcation / the checkpoint of {kept.size} leaves kept outside is not the "
                    "database's: two logs, or a fork"
                )
                raise ForkError(msg)
            edge = self._published(size)
            edge = self._rebuild(edge)
            if kept is not None and TileTree(self._log, size).root(kept.size) != kept.root:
                msg = (
                    "le journal ne donne pas la racine gardée dehors : `tierce journal verify` / the log does not "
                    "give the root kept outside: run `tierce journal verify`"
                )
                raise ForkError(msg)
            # What is kept never goes back, however far behind the folder was.
            if self._kept is not None and last is not None and (kept is None or kept.size < size):
                self._kept.write(last.note)
        return Tree(edge, NOTHING_SEEN if last is None else last.seen)

    def apply(self, edge: Edge, tiles: Sequence[Tile], note: str) -> None:
        """Bring folder and kept note up to a checkpoint that was just committed."""
        with self._log.turn():
            self._publish(edge, tiles, note)
            # 7. It is kept outside. Crash before: the one kept is older, which is no contradiction.
            if self._kept is not None:
                self._kept.write(note)

    def _publish(self, edge: Edge, tiles: Sequence[Tile], note: str) -> None:
        """Bring the log's folder up to a committed checkpoint; the normal path and recovery both end here."""
        # 4. Tiles, durable before anybody is told of them. Crash: some are there, and equal to what is written again.
        self._log.put([*tiles, *edge.partial()])
        # 5. The checkpoint is published. Crash before: readers go on with the last one, whose tiles are all there.
        self._log.publish(note)
        # 6. Partial forms of tiles now full. Crash before: they stay, and harm nobody.
        self._log.drop_partials(tiles)

    def hashes(self, placed: Sequence[Placed]) -> bytes:
        """The joined leaf hashes of whole blocks, in the tree's order."""
        found = store.leaf_hashes(self._connection, [one.block for one in placed])
        for one in placed:
            there = len(found.get(one.block, b"")) // HASH_BYTES
            if there < one.count:
                found[one.block] = self._sealed(one.first, one.count)
                there = len(found[one.block]) // HASH_BYTES
            if there != one.count:
                msg = (
                    f"le bloc {one.block} signe {one.count} lignes, et {there} sont là : `tierce journal verify` / "
                    f"block {one.block} signs {one.count} entries and {there} are stored: run `tierce journal verify`"
                )
                raise BatchBrokenError(msg)
        return b"".join([found[one.block] for one in placed])

    def _published(self, size: int) -> Edge:
        """The right edge under the published checkpoint; of the empty tree when nothing usable is published."""
        published = self._noted(self._log.checkpoint(), "the log's folder", size)
        if published is None:
            return Edge()
        if store.root_of(self._connection, published.size) != published.root:
            msg = (
                f"le point de contrôle publié de {published.size} feuilles n’est pas celui de la base : deux "
                f"journaux, ou une bifurcation / the published checkpoint of {published.size} leaves is not the "
                "database's: two logs, or a fork"
            )
            raise ForkError(msg)
        edge = self._log.edge(published.size)
        if edge is None or edge.root() != published.root:
            msg = (
                f"les tuiles ne donnent pas la racine publiée pour {published.size} feuilles : `tierce journal "
                f"verify` / the tiles do not give the root published for {published.size} leaves: run "
                "`tierce journal "
                "verify`; docs/runbooks/journal-does-not-verify.md dit comment les refaire / says how to make "
                "them again"
            )
            raise ForkError(msg)
        return edge

    def _rebuild(self, edge: Edge) -> Edge:
        """Append what was committed and is not in the folder, each checkpoint held to its signed root."""
        while behind := store.checkpoints_after(self._connection, edge.size, REBUILD_CHECKPOINTS):
            for rows in _stretches(behind, edge.size):
                tiles: list[Tile] = []
                for row in rows:
                    tiles += edge.append(self.hashes(store.placed_between(self._connection, edge.size, row.size)))
                    if (edge.size, edge.root()) != (row.size, self._signed(row).root):
                        msg = (
                            f"les lignes gardées ne donnent pas la racine signée à {row.size} feuilles : `tierce "
                            f"journal verify` / the stored entries do not give the root signed for {row.size} "
                            "leaves: run `tierce journal verify`"
                        )
                        raise ForkError(msg)
                self._publish(edge, tiles, rows[-1].note)
                self._progress(edge.size)
        return edge

    def _signed(self, row: CheckpointRow) -> Checkpoint:
        signed = read_checkpoint(row.note, self._origin, *self._keys)
        if (signed.size, signed.root) != (row.size, row.root):
            msg = (
                f"le point de contrôle de {row.size} feuilles n’est pas ce que signe sa note : `tierce journal "
                f"verify` / the checkpoint of {row.size} leaves is not what its note signs: run `tierce "
                "journal verify`"
            )
            raise ForkError(msg)
        return signed

    def _noted(self, note: str | None, where: str, size: int) -> Checkpoint | None:
        """A checkpoint kept outside the database, which must not be ahead of it."""
        if note is None:
            return None
        noted = read_checkpoint(note, self._origin, *self._keys)
        if noted.size > size:
            msg = (
                f"la base signe {size} feuilles, et {where} garde un point de contrôle de {noted.size} : une "
                "sauvegarde plus ancienne a été restaurée. Rien n’est mis en séquence / "
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
