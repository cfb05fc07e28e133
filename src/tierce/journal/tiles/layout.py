"""Which tile holds what: C2SP `tlog-tiles`, height 8. Pure arithmetic.

A tile of level L holds up to 256 consecutive hashes of complete subtrees of 256**L leaves. Hash i of level L is in
tile i // 256 of that level. A tile that is not full yet is published under a name that says how many hashes it has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tierce.journal.merkle import HASH_BYTES

HEIGHT = 8
WIDTH = 1 << HEIGHT
"""Hashes of a full tile."""
FULL_BYTES = WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile and its hashes, joined."""

    level: int
    number: int
    data: bytes

    @property
    def width(self) -> int:
        """How many hashes it holds."""
        return len(self.data) // HASH_BYTES

    @property
    def path(self) -> str:
        """Where it is published."""
        return tile_path(self.level, self.number, self.width)


def tile_path(level: int, number: int, width: int) -> str:
    """The tile's name below the log's folder: `tile/0/x001/x234/067`, and `.p/W` behind it while it is not full."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.append(f"x{number % 1000:03d}")
    path = f"tile/{level}/{'/'.join(reversed(groups))}"
    return path if width == WIDTH else f"{path}.p/{width}"


def edge_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """The right edge of a tree of `size` leaves: level, number and width of each level's last tile, unless full."""
    level = 0
    while size:
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1


def all_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of a tree of `size` leaves: level, number, width."""
    level = 0
    while size:
        for number in range(size // WIDTH):
            yield level, number, WIDTH
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1
