"""Folders for the time of one piece of work, and what a killed piece of work left of them."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class Scratch:
    """A throw-away folder. Use as a context manager, or call `close`.

    It holds a lock on its folder for as long as its process lives. A folder of the same prefix that nobody holds was
    left by a process killed before it could tidy up (a scope over a year writes tens of gigabytes): the next one made
    beside it takes it away, so that the disk does not fill up by accidents.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        """Take away what killed ones left below `parent` (default: the system's), then make ours.

        Raises:
            OSError: the folder cannot be made there.
        """
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{prefix}*"):
            _sweep(left)
        self.path, self._held = _make(prefix, parent)

    def __enter__(self) -> Self:
        """Return itself; the folder is there already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the folder away."""
        self.close()

    def close(self) -> None:
        """Take the folder away with all that is in it; doing it twice does nothing more."""
        if self._held >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._held)
            self._held = -1


def _make(prefix: str, parent: Path) -> tuple[Path, int]:
    while True:  # once, save when a sweep takes the new folder in the instant before it is held
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        held = _hold(path)
        if held is not None:
            return path, held


def _hold(path: Path) -> int | None:
    """Open and lock a folder; nothing when another holds it, when it has gone, or when it is not ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_uid == os.geteuid() and os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    except OSError:
        pass  # held by a live process, or taken away since it was opened
    os.close(descriptor)
    return None


def _sweep(path: Path) -> None:
    held = _hold(path)
    if held is not None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)
