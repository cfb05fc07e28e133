"""The log's folder on disk: tiles and the published checkpoint, each whole or absent whatever happens.

What is here can be made again from the entries; a reader trusts none of it before it leads to a signed root. Taken by
a thief it tells how many lines there are, and hashes that are salted; changed by one, proofs and the sequencer stop.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tierce.journal.errors import LogFolderError, TileDiffersError
from tierce.journal.merkle import HASH_BYTES
from tierce.journal.tiles.edge import Edge
from tierce.journal.tiles.layout import WIDTH, Tile, edge_tiles, tile_path
from tierce.kernel.durable import replace, sync_folder

CHECKPOINT = "checkpoint"
TURN = ".writing"


class LogFolder:
    """Where the tiles of one log are. Any number may read; one at a time writes, in its turn."""

    def __init__(self, path: Path) -> None:
        """Name the folder."""
        self.path = path

    def begin(self) -> None:
        """Make the folder of a log that is empty.

        Later it must be there: a wrong path, or a disk that is not mounted, must not begin a second log.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o755)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Write alone: two workers wait for each other where the folder is on a disk that they share.

        Raises:
            LogFolderError: the folder is not there.
        """
        self._insist()
        with (self.path / TURN).open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def checkpoint(self) -> str | None:
        """The published note, or None while there is none."""
        try:
            return (self.path / CHECKPOINT).read_text("utf-8")
        except FileNotFoundError:
            return None

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        """The first `width` hashes of a tile, or None when no file has them.

        A partial tile's file may be gone once the full one is there: the full one begins with the same hashes.
        """
        for there in dict.fromkeys((width, WIDTH)):
            try:
                data = (self.path / tile_path(level, number, there)).read_bytes()
            except FileNotFoundError:
                continue
            return data[: width * HASH_BYTES] if len(data) == there * HASH_BYTES else None
        return None

    def edge(self, size: int) -> Edge | None:
        """The right edge of a tree of `size` leaves: O(log n) files. None when one of them is missing or cut."""
        tiles = []
        for level, number, width in edge_tiles(size):
            data = self.tile(level, number, width)
            if data is None:
                return None
            tiles.append(Tile(level, number, data))
        return Edge.of(size, tiles)

    def put(self, tiles: Iterable[Tile]) -> None:
        """Write tiles durably. Crash: some are there, whole, and nobody was told of them; they are written again.

        Raises:
            LogFolderError: the folder is not there.
            TileDiffersError: a full tile is there with other hashes; it is immutable, so this is another tree.
            OSError: the disk refused; nothing that was published has changed.
        """
        self._insist()
        waiting: list[tuple[Path, Path]] = []
        for tile in tiles:
            to = self.path / tile.path
            if tile.width == WIDTH and self._is_there(to, tile):
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            part = to.with_name(f"{to.name}.part")
            part.write_bytes(tile.data)
            waiting.append((part, to))
        # All are written before the first is waited for: the disk takes them together.
        for part, _to in waiting:
            _sync(part)
        for part, to in waiting:
            part.rename(to)
        for parent in {folder for _part, to in waiting for folder in (to.parent, to.parent.parent)}:
            sync_folder(parent)

    def publish(self, note: str) -> None:
        """Replace the published checkpoint, durably; a crash leaves the old one or the new one whole."""
        self._insist()
        replace(self.path / CHECKPOINT, note.encode())

    def drop_partials(self, tiles: Iterable[Tile]) -> None:
        """Take away the partial forms of full, published tiles: whoever asks for one reads the full one."""
        for tile in tiles:
            partials = self.path / f"{tile.path}.p"
            if partials.is_dir():
                for file in partials.iterdir():
                    file.unlink()
                partials.rmdir()

    def _insist(self) -> None:
        if not self.path.is_dir():
            msg = (
                f"le dossier du journal {self.path} n’est pas là : créez-le, ou montez son disque ; rien n’est écrit "
                "/ the log's folder is not there: make it, or mount its disk; nothing was written"
            )
            raise LogFolderError(msg)

    def _is_there(self, file: Path, tile: Tile) -> bool:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return False
        if data != tile.data:
            msg = (
                f"{file} tient d’autres empreintes que celles du journal : `tierce journal verify` / holds other "
                "hashes than the log's: run `tierce journal verify`"
            )
            raise TileDiffersError(msg)
        return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
