"""A chunk of lines ready to be settled: keyed indexes in place of identifiers, plaintexts ready to be sealed."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tierce.kernel.feed import Rejection
from tierce.registry.batch import Bools, Ints

Bytes = NDArray[np.uint8]
"""A matrix of bytes: one row a value."""

ELSEWHERE: Final = -1
"""The holder or representative is not in an earlier line of the chunk: found by her keyed member number."""
NOBODY: Final = -2
"""There is no representative."""


@dataclass(slots=True)
class Pieces:
    """Byte strings end to end: piece `i` is `data[ends[i]:ends[i + 1]]`."""

    data: bytes
    ends: Ints

    def __getitem__(self, row: int) -> bytes:
        return self.data[self.ends[row] : self.ends[row + 1]]

    def only(self, rows: list[int]) -> "Pieces":
        """Return some of the pieces."""
        pieces = self.of(rows)
        return Pieces(b"".join(pieces), np.cumsum([0, *map(len, pieces)], dtype=np.int64))

    def of(self, rows: list[int]) -> list[bytes]:
        """Cut out several pieces."""
        data, ends = self.data, self.ends.tolist()
        return [data[ends[row] : ends[row + 1]] for row in rows]


@dataclass(slots=True)
class Linked:
    """Whose line another member's is: the row of the chunk, ELSEWHERE or NOBODY; `far` has the keys of the former."""

    rows: Ints
    far: dict[int, bytes]


@dataclass(slots=True)
class Prepared:
    """Lines that rules.py accepts, as columns in the order of the file, and the refusals found so far.

    `keys` and `cards` belong to the rows `key_rows` and `card_rows`. Keyed numbers have 16 bytes. `spared` holds, of
    refused lines, the keyed member number where it could be read; `unread` counts the others.
    """

    lines: Ints
    effective: Ints
    since: Ints
    until: Ints
    domains: Ints
    priority: Ints
    ended: Bools
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
    civil: Pieces
    coverage: Pieces
    corrects: dict[int, tuple[bytes, bytes]]
    rejections: list[Rejection] = field(default_factory=list)
    spared: list[bytes] = field(default_factory=list)
    unread: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def only(self, kept: Bools) -> "Prepared":
        """Return some of the lines, without the refusals, which were counted once already."""
        rows = np.flatnonzero(kept)
        moved = np.full(len(kept), -1, dtype=np.int64)
        moved[rows] = np.arange(len(rows))
        keys, cards = kept[self.key_rows], kept[self.card_rows]
        return Prepared(
            lines=self.lines[rows],
            effective=self.effective[rows],
            since=self.since[rows],
            until=self.until[rows],
            domains=self.domains[rows],
            priority=self.priority[rows],
            ended=self.ended[rows],
            key_rows=moved[self.key_rows[keys]],
            keys=self.keys[keys],
            card_rows=moved[self.card_rows[cards]],
            cards=self.cards[cards],
            members=self.members[rows],
            holders=self._links(self.holders, rows, moved),
            representatives=self._links(self.representatives, rows, moved),
            contracts=self.contracts[rows],
            digests=self.digests[rows],
            traits=self.traits[rows],
            civil=self.civil.only(rows.tolist()),
            coverage=self.coverage.only(rows.tolist()),
            corrects={int(moved[row]): pair for row, pair in self.corrects.items() if kept[row]},
        )

    def _links(self, linked: Linked, rows: Ints, moved: Ints) -> Linked:
        """Follow the rows kept; whoever is no longer in the chunk is found by her keyed member number."""
        far = {}
        places = linked.rows[rows]
        for place, row in enumerate(rows.tolist()):
            there = int(linked.rows[row])
            if there >= 0:
                places[place] = moved[there]
            if places[place] == ELSEWHERE:
                far[place] = linked.far[row] if there == ELSEWHERE else self.members[there].tobytes()
        return Linked(places, far)

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
