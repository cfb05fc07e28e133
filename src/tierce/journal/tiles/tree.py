"""Reads a tree out of its tiles: roots of prefixes, inclusion and consistency, O(log n) files each."""

from tierce.journal.errors import ProofError, TileMissingError
from tierce.journal.merkle import HASH_BYTES, audit_ranges, consistency_ranges, node_hash
from tierce.journal.tiles.edge import subtree_root
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import HEIGHT, WIDTH


class TileTree:
    """The tree of `size` leaves, as the tiles have it. Nothing is verified here: hold it to a signed root."""

    def __init__(self, folder: LogFolder, size: int) -> None:
        """Read tiles from `folder` when they are needed, and remember them."""
        self._folder = folder
        self.size = size
        self._read: dict[tuple[int, int], bytes] = {}

    def leaf(self, index: int) -> bytes:
        """The hash of one leaf."""
        return self._whole(index, 0)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves; over all of them when left out."""
        return self.range_root(0, self.size if size is None else size)

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of a leaf, lowest sibling first."""
        return [self.range_root(low, high) for low, high in audit_ranges(index, self.size)]

    def consistency(self, old_size: int) -> list[bytes]:
        """The proof that the first `old_size` leaves are a prefix."""
        return [self.range_root(low, high) for low, high in consistency_ranges(old_size, self.size)]

    def range_root(self, low: int, high: int) -> bytes:
        """The root over the leaves `low`..`high` - 1, where `low` is a multiple of the largest subtree inside."""
        if not 0 <= low < high <= self.size:
            msg = (
                f"les feuilles {low} à {high} ne sont pas dans un arbre de {self.size} / "
                f"the leaves {low} to {high} are not in a tree of {self.size}"
            )
            raise ProofError(msg)
        parts = []
        while low < high:
            level = (high - low).bit_length() - 1
            parts.append(self._whole(low >> level, level))
            low += 1 << level
        node = parts.pop()
        while parts:
            node = node_hash(parts.pop(), node)
        return node

    def _whole(self, index: int, level: int) -> bytes:
        """The root of the complete subtree number `index` of 2**level leaves."""
        within = level % HEIGHT
        first, count = index << within, 1 << within
        data = self._tile(level // HEIGHT, first // WIDTH)
        at = first % WIDTH * HASH_BYTES
        return subtree_root(data[at : at + count * HASH_BYTES])

    def _tile(self, level: int, number: int) -> bytes:
        key = level, number
        if key not in self._read:
            hashes = self.size >> (HEIGHT * level)
            width = min(WIDTH, hashes - number * WIDTH)
            data = self._folder.tile(level, number, width)
            if data is None:
                msg = (
                    f"la tuile {number} du niveau {level} manque ou est tronquée / tile {number} of level {level} is "
                    "missing or cut short"
                )
                raise TileMissingError(msg)
            self._read[key] = data
        return self._read[key]
