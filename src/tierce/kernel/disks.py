"""How much of a disk is free: room, and files that may still be made, which end apart."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Free:
    """Shares between 0 and 1; a disk that counts no files has all of them left."""

    room: float
    files: float


def free_on(folder: Path) -> Free:
    """What the disk of a folder has left for whoever is not root.

    Raises:
        OSError: the folder is not there, or not ours to look at.
    """
    disk = os.statvfs(folder)
    return Free(disk.f_bavail / max(disk.f_blocks, 1), disk.f_favail / disk.f_files if disk.f_files else 1.0)
