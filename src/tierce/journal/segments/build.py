"""Making the three files of a segment from entries in the order of their leaves."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tierce.journal.segments.columns import BLOCK_SCHEMA, BODY, Bodies, as_columns, read_bodies, signed
from tierce.journal.segments.files import EntriesWriter, place, sha256_of, write_blocks
from tierce.journal.segments.index import write_index
from tierce.journal.segments.model import ENTRIES_MAX, PAGE_ROWS, ROW_GROUP_ROWS, Segment, Stretch, stem

PART = ".part"
"""What the names of files end with until they are whole; one that is left over is of no use to anybody."""


def build(
    folder: Path, stretch: Stretch, entries: Iterable[Sequence[bytes]], root: bytes, reached: Callable[[str], None]
) -> Segment:
    """Write the files of a segment, flush them, give them their names; nothing reads them before the manifest does.

    Memory is about 120 bytes an entry (measured), beside pages of a file that the system can take back: bodies wait
    in one without a name, which no crash leaves behind.

    Args:
        folder: where segments are.
        stretch: the blocks, and the first leaf.
        entries: the bodies in the order of their leaves, some at a time.
        root: the root of the tree over the first `stretch.end` leaves.
        reached: told the name of each step that was just done.

    Raises:
        SealRefusedError: an entry is not one of version 1.
    """
    assert 0 < stretch.end - stretch.first <= ENTRIES_MAX
    name = stem(stretch.first, stretch.end, 0)
    parts = {kind: folder / f"{name}.{kind}{PART}" for kind in ("entries", "blocks", "index")}
    leaves = hashlib.sha256()
    with tempfile.TemporaryFile(dir=folder) as scratch:
        for some in entries:
            bodies = read_bodies(list(some))
            for body in some:
                leaves.update(hashlib.sha256(b"\x00" + body).digest())
            scratch.write(bodies.tobytes())
        scratch.flush()
        bodies = np.memmap(scratch, BODY, "r")
        if len(bodies) != stretch.end - stretch.first:
            msg = f"{len(bodies)} entries are stored for {stretch.end - stretch.first} leaves"
            raise ValueError(msg)
        times = bodies["time_us"].astype(np.uint64)
        at = np.minimum.reduceat(times, stretch.starts() - stretch.first).view(np.int64)
        order = np.lexsort((signed(bodies["session"]), signed(bodies["device"]), signed(bodies["professional"])))
        reached("sorted")
        persons, firsts = _write_entries(parts["entries"], stretch, bodies, order, at)
    write_blocks(
        parts["blocks"],
        pa.table({"block": stretch.blocks, "first": stretch.starts(), "at_us": at}, schema=BLOCK_SCHEMA),
    )
    write_index(
        parts["index"], persons, parts["entries"], parts["blocks"], (firsts, np.sort(stretch.blocks)[::PAGE_ROWS])
    )
    reached("written")
    made = Segment(
        first=stretch.first,
        end=stretch.end,
        revision=0,
        blocks=len(stretch.blocks),
        first_block=int(stretch.blocks.min()),
        last_block=int(stretch.blocks.max()),
        from_us=int(times.min()),
        until_us=int(times.max()),
        redacted=0,
        leaves=leaves.digest(),
        root=root,
        entries_sha256=sha256_of(parts["entries"]),
        blocks_sha256=sha256_of(parts["blocks"]),
        index_sha256=sha256_of(parts["index"]),
    )
    put_in_place(folder, made, parts)
    reached("named")
    return made


def put_in_place(folder: Path, segment: Segment, parts: dict[str, Path]) -> None:
    """Give the finished files of a segment their names."""
    paths = {"entries": segment.entries_path, "blocks": segment.blocks_path, "index": segment.index_path}
    place([(parts[kind], path(folder)) for kind, path in paths.items()])


def _write_entries(
    path: Path, stretch: Stretch, bodies: Bodies, order: NDArray[np.int64], at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write the rows in their order; give each row's person, and each page's first professional."""
    of_block = np.repeat(np.arange(len(stretch.blocks), dtype=np.int32), stretch.sizes)
    starts = stretch.starts() - stretch.first
    persons = np.empty(len(order), np.int64)
    firsts: list[NDArray[np.int64]] = []
    writer = EntriesWriter(path, stretch.first, stretch.end)
    for low in range(0, len(order), ROW_GROUP_ROWS):
        rows = order[low : low + ROW_GROUP_ROWS]
        some, block = bodies[rows], of_block[rows]
        persons[low : low + len(rows)] = signed(some["person"])
        firsts.append(signed(some["professional"])[::PAGE_ROWS])
        places = (rows - starts[block]).astype(np.uint8)
        writer.write(as_columns(some, stretch.blocks[block], places, at[block]))
    writer.close()
    return persons, np.concatenate(firsts)
