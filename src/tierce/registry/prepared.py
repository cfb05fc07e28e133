"""A chunk of lines ready to be settled: keyed indexes in place of identifiers, plaintexts ready to be sealed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tierce.kernel.feed import Rejection
from tierce.registry.arrays import Bools, Bytes, Ints
from tierce.registry.records import SIZE_CLASSES

ELSEWHERE: Final = -1
"""The holder or representative is not in an earlier line of the chunk: found by her keyed member number."""
NOBODY: Final = -2
"""There is no representative."""


@dataclass(slots=True)
class Pieces:
    """Padded records end to end: record `i` is `data[ends[i]:ends[i + 1]]`."""

    data: NDArray[np.uint8]
    ends: Ints

    def one(self, row: int) -> bytes:
        """The padded record of one row."""
        return self.data[self.ends[row] : self.ends[row + 1]].tobytes()

    def sized(self, rows: Ints) -> Iterator[tuple[Ints, Bytes]]:
        """The padded records of some rows, all of one size at a time: which of the rows, and a matrix of them."""
        unit = SIZE_CLASSES[0]
        starts = self.ends[rows] // unit
        units, sizes = self.data.reshape(-1, unit), self.ends[rows + 1] // unit - starts
        for size in np.unique(sizes).tolist():
            there = np.flatnonzero(sizes == size)
            yield there, units[starts[there, None] + np.arange(size)].reshape(len(there), size * unit)


@dataclass(slots=True)
class Linked:
    """Whose line another member's is: the row of the chunk, ELSEWHERE or NOBODY; `far` has the keys of the former."""

    rows: Ints
    far: dict[int, bytes]


@dataclass(slots=True)
class Prepared:
    """Lines that rules.py accepts, as columns in the order of the file, and the refusals found so far.

    `keys` and `cards` belong to the rows `key_rows` and `card_rows`. Keyed numbers have 16 bytes, `alike` has four.
    `spared` holds, of refused lines, the keyed member number where it could be read; `unread` counts the others.
    """

    lines: Ints
    effective: Ints
    since: Ints
    until: Ints
    domains: Ints
    priority: Ints
    ended: Bools
    borrowed: Bools
    key_rows: Ints
    keys: Bytes
    card_rows: Ints
    cards: Bytes
    members: Bytes
    holders: Linked
    representatives: Linked
    contracts: Ints
    digests: Bytes
    traits: Bytes
    alike: Ints
    civil: Pieces
    coverage: Pieces
    corrects: dict[int, tuple[bytes, bytes]]
    rejections: list[Rejection] = field(default_factory=list)
    spared: list[bytes] = field(default_factory=list)
    unread: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return f"Prepared({len(self)} lines)"


@dataclass(slots=True)
class Settled:
    """What a chunk changes: the rows taken, with their people, and what becomes of periods told before.

    `cut` are (person, first day, new last day), `removed` and `again` (person, first day): a period that gives way,
    and one that was told again and only remembers so. `endings` are rows put off because they end a running right.
    """

    rows: Ints
    persons: Ints
    holders: Ints
    representatives: Ints
    cut: list[tuple[int, int, int]] = field(default_factory=list)
    removed: list[tuple[int, int]] = field(default_factory=list)
    again: list[tuple[int, int, int]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    later: list[tuple[int, bool]] = field(default_factory=list)
    unchanged: int = 0
    outdated: int = 0


def ints(values: ArrayLike) -> Ints:
    """Make a column of integers."""
    return np.asarray(values, dtype=np.int64)
