"""Key files replaced without ever being absent: NAME.next.key is written first, then takes its place in one move."""

import os
from pathlib import Path

from tierce.kernel.durable import sync_folder
from tierce.storage.keys import KEY_BYTES


def next_key(folder: Path, name: str) -> bytes:
    """Read NAME.next.key, made when it is not there: a rotation that was stopped goes on with the same key."""
    path = folder / f"{name}.next.key"
    if not path.exists() or path.stat().st_size != KEY_BYTES:
        write_private(path, os.urandom(KEY_BYTES))
    return path.read_bytes()


def take_place(folder: Path, name: str, *, keep_previous: bool) -> None:
    """Make the next key the current one; the one before may be kept as NAME.previous.key."""
    current = folder / f"{name}.key"
    if keep_previous:
        write_private(folder / f"{name}.previous.key", current.read_bytes())
    _like(current, folder / f"{name}.next.key")
    os.replace(folder / f"{name}.next.key", current)
    sync_folder(folder)


def append_key(path: Path, key: bytes) -> None:
    """Add a key behind those of a file, which stand: the file is replaced whole, with its owner and its mode."""
    following = path.with_name(f"{path.stem}.with-next")
    write_private(following, path.read_bytes() + key)
    _like(path, following)
    os.replace(following, path)
    sync_folder(path.parent)


def write_private(path: Path, content: bytes, owner: tuple[int, int] | None = None) -> None:
    """Write a file of mode 0600 whole and durably, or not at all; root may give it another owner and group."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if owner is not None and os.geteuid() == 0:
        os.chown(part, *owner)
    os.replace(part, path)
    sync_folder(path.parent)


def _like(old: Path, new: Path) -> None:
    """Give a new file the owner and the mode of the one whose place it takes; of its folder's when that is lost."""
    if not old.exists():
        if os.geteuid() == 0:
            os.chown(new, old.parent.stat().st_uid, old.parent.stat().st_gid)
        return
    kept = old.stat()
    if os.geteuid() == 0:
        os.chown(new, kept.st_uid, kept.st_gid)
    new.chmod(kept.st_mode & 0o777)
