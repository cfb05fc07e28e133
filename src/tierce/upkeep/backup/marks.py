"""A mark in each folder that a restore fills, for as long as it does: what a killed one left is told by it."""

from collections.abc import Iterable
from pathlib import Path

MARK = ".restoring"


def put(folders: Iterable[Path]) -> None:
    """Mark folders that hold nothing yet."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        (folder / MARK).touch(mode=0o600)


def take_away(folders: Iterable[Path]) -> None:
    """Say that what they hold is whole."""
    for folder in folders:
        (folder / MARK).unlink(missing_ok=True)


def marked(folder: Path) -> bool:
    """Whether a restore began to fill this folder, and was killed."""
    return (folder / MARK).exists()


def holds_others(folder: Path) -> bool:
    """Whether a folder holds anything but a mark."""
    return folder.is_dir() and any(one.name != MARK for one in folder.iterdir())
