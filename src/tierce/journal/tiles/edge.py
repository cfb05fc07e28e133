"""The right edge of a growing tree: all that appending and signing need, O(log n) hashes whatever its size."""

from collections.abc import Iterable
from hashlib import sha256

from tierce.journal.merkle import EMPTY_ROOT, HASH_BYTES, node_hash
from tierce.journal.tiles.layout import FULL_BYTES, Tile


def subtree_root(data: bytes) -> bytes:
    """The root over a power of two of joined hashes."""
    while len(data) > HASH_BYTES:
        data = b"".join(
            [sha256(b"\x01" + data[at : at + 64]).digest() for at in range(0, len(data), 2 * HASH_BYTES)]
        )  # fmt: skip - the loop that everything spends its time in
    return data


class Edge:
    """The last tile of each level of a tree, none full: a full one is handed out and counts one level higher."""

    def __init__(self) -> None:
        """Begin with the empty tree."""
        self.size = 0
        self._levels: list[bytes] = []

    @classmethod
    def of(cls, size: int, tiles: Iterable[Tile]) -> "Edge":
        """Take up a tree of `size` leaves from the tiles of its right edge."""
        edge = cls()
        edge.size = size
        for tile in tiles:
            edge._levels += [b""] * (tile.level + 1 - len(edge._levels))
            edge._levels[tile.level] = tile.data
        return edge

    def copy(self) -> "Edge":
        """Give an independent copy, to be kept only if what is appended to it is committed."""
        twin = Edge()
        twin.size, twin._levels = self.size, self._levels.copy()
        return twin

    def append(self, hashes: bytes) -> list[Tile]:
        """Add joined leaf hashes at the right; gives the tiles that this has filled, lower levels first."""
        filled: list[Tile] = []
        before = self.size
        self.size += len(hashes) // HASH_BYTES
        level, first = 0, before
        while hashes:
            if level == len(self._levels):
                self._levels.append(b"")
            number = first >> 8
            data = self._levels[level] + hashes
            full = len(data) - len(data) % FULL_BYTES
            self._levels[level] = data[full:]
            tiles = [
                Tile(level, number + place, data[at : at + FULL_BYTES])
                for place, at in enumerate(range(0, full, FULL_BYTES))
            ]
            filled += tiles
            hashes = b"".join([subtree_root(tile.data) for tile in tiles])
            level, first = level + 1, number
        return filled

    def partial(self) -> list[Tile]:
        """The tiles of the right edge, as they stand."""
        return [
            Tile(level, self.size >> (8 * (level + 1)), data) for level, data in enumerate(self._levels) if data
        ]  # fmt: skip - one tile a level

    def root(self) -> bytes:
        """The root of the tree as it stands: complete subtrees from the right, each pair hashed."""
        node: bytes | None = None
        for data in self._levels:
            end = len(data)
            width = end // HASH_BYTES
            while width:
                part = (width & -width) * HASH_BYTES
                left = subtree_root(data[end - part : end])
                node = left if node is None else node_hash(left, node)
                end -= part
                width &= width - 1
        return EMPTY_ROOT if node is None else node
