"""The index of persons: where in a segment's file the rows of one person are.

A bucket for every sixteen rows or so, chosen by a mix of the person's number; in it, for each row, its place in the
file (24 bits) and eight bits more of the mix. A look-up reads one bucket and finds, besides the person's own rows,
one time in 16 a row of somebody else, which whoever reads the rows tells by their person. Laid out in
docs/reference/journal-segment-v1.md.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tierce.journal.segments.files import flush

_MAGIC = b"TIERCEP1"
_HEAD_BYTES = 16
_ROWS_PER_BUCKET = 16
_GOLDEN = 0x9E37_79B9_7F4A_7C15


def write_index(path: Path, persons: NDArray[np.int64]) -> None:
    """Index rows 0, 1 … by their person, leaving out nobody's (0); the file is flushed, not yet in its place."""
    rows = np.flatnonzero(persons).astype(np.uint32)
    bits = max(0, (len(rows) // _ROWS_PER_BUCKET).bit_length() - 1)
    bucket, mark = _mixed(persons[rows], bits)
    order = np.argsort(bucket, kind="stable")
    starts = np.zeros((1 << bits) + 1, "<u4")
    np.cumsum(np.bincount(bucket, minlength=1 << bits), out=starts[1:])
    with path.open("wb") as file:
        file.write(_MAGIC + bits.to_bytes(4, "little") + len(rows).to_bytes(4, "little"))
        file.write(starts.tobytes())
        file.write((rows << np.uint32(8) | mark)[order].astype("<u4").tobytes())
        file.flush()
        flush(file.fileno())


class PersonIndex:
    """The index of one segment, mapped and read where it is touched."""

    def __init__(self, path: Path) -> None:
        """Map the file."""
        raw = np.memmap(path, np.uint8, "r")
        if bytes(raw[:8]) != _MAGIC:
            msg = f"{path} is not an index of persons of version 1"
            raise ValueError(msg)
        self._bits = int.from_bytes(bytes(raw[8:12]), "little")
        body = raw[_HEAD_BYTES:].view("<u4")
        self._starts = body[: (1 << self._bits) + 1]
        self._rows = body[(1 << self._bits) + 1 :]

    def candidates(self, person: int) -> list[int]:
        """The rows that may be of this person, ascending; all of hers are among them."""
        mixed = person * _GOLDEN & 0xFFFF_FFFF_FFFF_FFFF
        bucket = mixed >> (64 - self._bits) if self._bits else 0
        mark = mixed >> (56 - self._bits) & 0xFF
        found = self._rows[int(self._starts[bucket]) : int(self._starts[bucket + 1])].tolist()
        return [one >> 8 for one in found if one & 0xFF == mark]


def _mixed(persons: NDArray[np.int64], bits: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    mixed = persons.view(np.uint64) * np.uint64(_GOLDEN)
    mark = (mixed >> np.uint64(56 - bits) & np.uint64(0xFF)).astype(np.uint32)
    if not bits:
        return np.zeros(len(persons), np.uint32), mark
    return (mixed >> np.uint64(64 - bits)).astype(np.uint32), mark
