"""Reading a segment's files back, whole, against the manifest and the tree: before anything relies on them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from psycopg import Connection

from tierce.journal.merkle import HASH_BYTES
from tierce.journal.segments import store
from tierce.journal.segments.columns import Bodies, as_bodies
from tierce.journal.segments.errors import SegmentAlteredError
from tierce.journal.segments.files import sha256_of
from tierce.journal.segments.model import Segment
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import WIDTH


def insist_whole(folder: Path, segment: Segment, log: LogFolder, size: int) -> None:
    """Hold a segment's files to the manifest, and each of its rows to the tree of `size` leaves.

    Raises:
        SegmentAlteredError: a file is missing or another one, or a row does not give the leaf that the tree has.
    """
    _insist_files(folder, segment)
    found = leaf_hashes(folder, segment)
    if hashlib.sha256(found).digest() != segment.leaves:
        path = segment.entries_path(folder)
        msg = f"{path} ne donne pas les feuilles du manifeste / does not give the leaves of the manifest"
        raise SegmentAlteredError(msg)
    for first in range(segment.first // WIDTH * WIDTH, segment.end, WIDTH):
        tile = log.tile(0, first // WIDTH, min(WIDTH, size - first))
        low, high = max(first, segment.first), min(first + WIDTH, segment.end)
        of_tile = tile[(low - first) * HASH_BYTES : (high - first) * HASH_BYTES] if tile is not None else None
        if of_tile != found[(low - segment.first) * HASH_BYTES : (high - segment.first) * HASH_BYTES]:
            msg = (
                f"{segment.entries_path(folder)} : les lignes des feuilles {low} à {high - 1} ne sont pas celles de "
                f"l’arbre / the rows of leaves {low} to {high - 1} are not those of the tree"
            )
            raise SegmentAlteredError(msg)


def _insist_files(folder: Path, segment: Segment) -> None:
    for path, wanted in zip(
        segment.paths(folder), (segment.entries_sha256, segment.blocks_sha256, segment.index_sha256), strict=True
    ):
        if not path.exists() or sha256_of(path) != wanted:
            msg = (
                f"{path} n’est pas le fichier du manifeste : remettez-le d’une sauvegarde / is not the file of the "
                "manifest: bring it back from a backup"
            )
            raise SegmentAlteredError(msg)


def leaf_hashes(folder: Path, segment: Segment) -> bytes:
    """The leaf hashes that the rows give, by leaf: 32 bytes an entry of memory.

    Raises:
        SegmentAlteredError: a leaf is there twice, or not at all.
    """
    found = np.zeros((segment.count, HASH_BYTES), np.uint8)
    seen = np.zeros(segment.count, bool)
    for rows, leaf, bodies in groups(folder, segment):
        at = leaf - segment.first
        if (at < 0).any() or (at >= segment.count).any() or seen[at].any() or len(np.unique(at)) < len(at):
            path = segment.entries_path(folder)
            msg = f"{path} a une feuille deux fois, ou une qui n’est pas sienne / a leaf twice, or not its own"
            raise SegmentAlteredError(msg)
        seen[at] = True
        raw, kept = bodies.tobytes(), rows["leaf"].combine_chunks()
        hashes = b"".join(hashlib.sha256(b"\x00" + raw[low : low + 128]).digest() for low in range(0, len(raw), 128))
        found[at] = np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES)
        for row in np.flatnonzero(np.asarray(kept.is_valid())).tolist():
            found[at[row]] = np.frombuffer(kept[row].as_py(), np.uint8)
    if not seen.all():
        lacking = segment.first + int(seen.argmin())
        msg = f"{segment.entries_path(folder)} n’a pas la feuille {lacking} / lacks leaf {lacking}"
        raise SegmentAlteredError(msg)
    return found.tobytes()


class SealedLeaves:
    """The leaf hashes of segments in force, for a sequencer that makes tiles again; one segment is in memory."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        """Read the manifest over `connection` when it is first asked, and the files from `folder`."""
        self._connection, self._folder = connection, folder
        self._manifest: list[Segment] | None = None
        self._read: tuple[Segment, bytes] | None = None

    def __call__(self, first: int, count: int) -> bytes:
        """The joined hashes of so many leaves from `first` on; nothing when no segment has them.

        Raises:
            SegmentAlteredError: a file is missing or not that of the manifest, or does not have each leaf once.
        """
        if self._manifest is None:
            self._manifest = store.segments(self._connection)
        segment = next((one for one in self._manifest if one.first <= first < one.end), None)
        if segment is None:
            return b""
        if self._read is None or self._read[0] != segment:
            _insist_files(self._folder, segment)
            self._read = segment, leaf_hashes(self._folder, segment)
        at = (first - segment.first) * HASH_BYTES
        return self._read[1][at : at + count * HASH_BYTES]


def groups(folder: Path, segment: Segment) -> Iterator[tuple[pa.Table, NDArray[np.int64], Bodies]]:
    """Each group of rows in the file's order: its columns, the leaf of each row, and the entries rebuilt.

    Raises:
        SegmentAlteredError: a row names a block that is not there.
    """
    blocks = pq.read_table(segment.blocks_path(folder), use_threads=False, memory_map=True)
    numbers, first, at_us = (blocks[name].to_numpy() for name in ("block", "first", "at_us"))
    with pq.ParquetFile(segment.entries_path(folder), memory_map=True) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, use_threads=False)
            block = rows["block"].to_numpy()
            at = np.searchsorted(numbers, block)
            if (at >= len(numbers)).any() or (numbers[at] != block).any():
                path = segment.entries_path(folder)
                msg = f"{path} nomme un bloc qui n’est pas à côté / names a block that is not beside it"
                raise SegmentAlteredError(msg)
            yield rows, first[at] + rows["place"].to_numpy(), as_bodies(rows, at_us[at])
