"""Numbers that the workers of one service add up, each in a mapped file of its own in one folder.

Several processes may serve one address, and whoever reads the figures reaches any of them: what is told is the sum
over the folder. A worker that ended leaves its file: counts never go down. Adding costs a memory write.
"""

import mmap
import os
from array import array
from pathlib import Path


class Counts:
    """The numbers of this process, and every worker's."""

    def __init__(self, places: int, suffix: str, folder: Path | None) -> None:
        """Keep `places` numbers in `folder`, in files that end with `suffix`; alone when there is no folder."""
        self._folder = folder
        self._suffix = suffix
        self.own = memoryview(bytearray(8 * places)).cast("d")
        if folder is not None:
            path = folder / f"{os.getpid()}{suffix}"
            path.touch(mode=0o600)
            os.truncate(path, 8 * places)
            with path.open("r+b") as file:
                self.own = memoryview(mmap.mmap(file.fileno(), 8 * places)).cast("d")

    def rows(self) -> list[tuple[bool, list[float]]]:
        """The numbers of each worker since the service started, and whether it still runs."""
        if self._folder is None:
            return [(True, list(map(float, self.own)))]
        return [
            (Path(f"/proc/{path.stem}").exists(), array("d", path.read_bytes()).tolist())
            for path in sorted(self._folder.glob(f"*{self._suffix}"))
        ]
