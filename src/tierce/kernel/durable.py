"""Files whose presence is a promise: whole, on the disk, and under a name that a loss of power does not take away."""

import os
import secrets
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
PART: Final = ".part"
"""How the name ends of what is no file yet."""


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a key whose name a power cut takes away is lost with all it sealed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make all that is below a folder durable, whoever wrote it; its own name is its parent's."""
    for at, _folders, files in os.walk(folder):
        for name in files:
            descriptor = os.open(Path(at) / name, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(at))


def write_beside(path: Path, content: bytes) -> Path:
    """Write what is to be a file of mode 0600, whole and on the disk, under a hidden name of its own; give that name.

    What a killed process left under such a name is nothing: no program takes it for a file.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        _fill(descriptor, content)
    except BaseException as error:
        part.unlink(missing_ok=True)
        _name(error, path)
        raise
    return part


def name_new(part: Path, path: Path) -> None:
    """Give a finished file its name, which nothing has yet; what it was written under is gone then.

    Raises:
        FileExistsError: something has this name; nothing is ever overwritten.
    """
    os.link(part, path)  # unlike a rename, this refuses a name that is taken
    part.unlink()
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, durably, whole or not at all: a full disk leaves no empty key behind.

    Raises:
        FileExistsError: it is there; nothing is ever overwritten.
    """
    part = write_beside(path, content)
    try:
        name_new(part, path)
    finally:
        part.unlink(missing_ok=True)


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file durably: the old one or the new one, never a part. One process at a time replaces it.

    A disk without room is left without the part too, which may be letters to people.
    """
    part = path.with_name(path.name + PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    os.fchmod(descriptor, mode)
    try:
        _fill(descriptor, content)
    except BaseException as error:
        part.unlink(missing_ok=True)
        _name(error, path)
        raise
    part.replace(path)
    sync_folder(path.parent)


def _name(error: BaseException, path: Path) -> None:
    """What fails at a write names no file, and its disk is to be found."""
    if isinstance(error, OSError) and error.filename is None:
        error.filename = str(path)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
