"""Tiles above the leaves: each hash in them is the root of a tile below."""

from pathlib import Path

from tierce.journal.verifier import tiles
from tierce.journal.verifier.front import complete
from tierce.journal.verifier.model import Report
from tierce.journal.verifier.stretch import Stretch
from tierce.journal.verifier.tiles import HASH, WIDTH

_LEVELS_MAX = 8


class UpperTiles:
    """Holds the tiles of level 1 and above to those below them, as stretches come."""

    def __init__(self, report: Report, log: Path | None, published: int) -> None:
        """Write to `report` what the tiles in `log` hold wrongly, among those of `published` leaves."""
        self._report, self._log, self._published = report, log, published
        self._waiting: list[list[set[bytes]]] = [[] for _ in range(_LEVELS_MAX)]
        self._done = [0] * _LEVELS_MAX

    def grow(self, stretch: Stretch) -> None:
        """Take the roots of a stretch's full tiles: of the entries, or of the tiles where those differ."""
        if self._log is None:
            return
        size = WIDTH * HASH
        for place, root in enumerate(stretch.roots):
            good = {root}
            if stretch.tiled is not None:
                good.add(complete(stretch.tiled[place * size : place * size + size]))
            self._add(1, good)

    def end(self) -> None:
        """Hold the tiles that are not full."""
        for level in range(1, _LEVELS_MAX):
            if self._waiting[level]:
                self._hold(level)

    def _add(self, level: int, good: set[bytes]) -> None:
        self._waiting[level].append(good)
        if len(self._waiting[level]) == WIDTH:
            root = self._hold(level)
            self._waiting[level] = []
            self._done[level] += 1
            self._add(level + 1, root)

    def _hold(self, level: int) -> set[bytes]:
        """Compare one tile with what is below it; gives the roots that the tile above may hold for it."""
        assert self._log is not None
        number, below = self._done[level], self._waiting[level]
        width = min(len(below), (self._published >> (8 * level)) - number * WIDTH)
        first = number * WIDTH << (8 * level)
        roots = {complete(b"".join([min(one) for one in below]))} if len(below) == WIDTH else set()
        if width <= 0:
            return roots
        data = tiles.find(self._log, level, number, width)
        if len(data) != width * HASH:
            self._report.error("tile-missing", f"tile {number} of level {level} is missing or cut short", index=first)
            return roots
        for place in range(width):
            if data[place * HASH : place * HASH + HASH] not in below[place]:
                at = first + (place << (8 * level))
                message = f"hash {place} of tile {number} of level {level} is not that of the leaves below it"
                self._report.error("tile-altered", message, index=at)
        if width == WIDTH:
            roots.add(complete(data))
        return roots
