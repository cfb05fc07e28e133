"""A folder of sealed deposits: appended durably by the `api` processes, taken away by the worker.

Each process takes a slot of its own, a sub-folder that it locks. Segments are files of records, named after the first
number they hold. The one being written ends in `.open`, the others in `.spool`; only those are ever deleted, and only
once every record is in the database. A number is never given twice: the writer starts after the highest it finds, and
there is always an `.open` segment to find.

Writer and worker are two users of one group: whatever is made here is the group's as far as the umask lets it, since
the worker deletes what the writer made. The bit that hands the group on is the folder's, and inherited: a process
that asked for it would be refused under `RestrictSUIDSGID=`.

A link for each key in `keys` makes a second sending the same deposit, whichever process it reaches. Its target is
the number: it leads nowhere, and takes no block of the disk, as a file of a few bytes does.

What a crash leaves: a record written in part, which was never acknowledged and is cut off at the next start; or a
whole one whose receipt was never shown, which is a deposit like any other.
"""

import fcntl
import os
import secrets
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from errno import EIO
from hashlib import sha256
from pathlib import Path
from typing import Final

from tierce.deposits.errors import SpoolBusyError, SpoolFullError
from tierce.kernel.durable import sync_folder

OPEN, CLOSED = ".open", ".spool"
SEGMENT_BYTES_MAX: Final = 1024 * 1024
SLOTS_MAX: Final = 64
KEYS: Final = "keys"
KEYS_SECONDS: Final = 86_400
"""How long a second sending is recognised."""
KEY_BYTES: Final = 512
"""What a key takes of the disk at most, an inode and a name: they count as the deposits themselves do."""
KEYS_COUNTED_SECONDS: Final = 10
_TAKEN: Final = "."
"""Target of a key that has no number yet."""
ABANDONED_SECONDS: Final = 5
"""A key taken so long ago without a number was taken by a process that is gone."""
COUNTER_BITS: Final = 38
_HEAD: Final = struct.Struct(">4sHIQQ16s8s")
_MAGIC: Final = b"TDEP"
_VERSION: Final = 1
_PAYLOAD_MAX: Final = 64 * 1024
_FOLDER_MODE: Final = 0o770
_FILE_MODE: Final = 0o660


@dataclass(frozen=True, slots=True)
class Record:
    """One sealed deposit as it lies in the spool; the key is a keyed digest of session and body."""

    number: int
    at_us: int
    key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the spool with its whole records; `length` is where they end, `size` where the file does."""

    path: Path
    records: tuple[Record, ...]
    length: int
    size: int

    @property
    def closed(self) -> bool:
        """Whether nobody writes in it any more."""
        return self.path.suffix == CLOSED

    @property
    def damaged(self) -> bool:
        """Whether a file that nobody writes in any more holds more than can be read: a receipt may be of it."""
        return self.closed and self.length < self.size


def segment_paths(root: Path) -> list[Path]:
    """The file of every segment of every slot, the oldest of a slot first; none before the first slot is made.

    The worker asks five times a second: each folder is listed once, and no pattern is matched.

    Raises:
        OSError: a folder cannot be listed.
    """
    if not root.is_dir():
        return []
    with os.scandir(root) as slots:
        inside = [(slot.path, os.listdir(slot.path)) for slot in slots if slot.is_dir()]
    found = [Path(slot, name) for slot, names in inside for name in names if name.endswith((OPEN, CLOSED))]
    return sorted(found, key=lambda one: one.stem)


def bytes_held(root: Path) -> int:
    """Bytes that every slot takes, together."""
    return sum(_size(path) for ending in (OPEN, CLOSED) for path in root.glob(f"[0-9]*/*{ending}"))


def read_segment(path: Path) -> Segment | None:
    """One segment, ended by a record written in part; None when it was renamed or taken away meanwhile.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None  # it is seen again, or done
    return _read(path, content)


def segments(root: Path) -> Iterator[Segment]:
    """Every segment of every slot, the oldest of a slot first."""
    return (segment for path in segment_paths(root) if (segment := read_segment(path)) is not None)


def forget(segment: Segment) -> None:
    """Delete a closed segment whose every record is in the database.

    Raises:
        OSError: it is damaged, and stays for somebody to look at: what cannot be read of it was acknowledged.
    """
    if segment.damaged:
        raise OSError(EIO, "a segment of the spool is damaged", str(segment.path))
    if segment.closed:
        segment.path.unlink(missing_ok=True)
        sync_folder(segment.path.parent)


def _read(path: Path, content: bytes) -> Segment:
    place, found = 0, []
    while place + _HEAD.size <= len(content):
        magic, version, size, number, at_us, key, check = _HEAD.unpack_from(content, place)
        sealed = content[place + _HEAD.size : place + _HEAD.size + size]
        whole = magic == _MAGIC and version == _VERSION and size <= _PAYLOAD_MAX and len(sealed) == size
        if not whole or check != _check(number, at_us, key, sealed):
            break
        found.append(Record(number, at_us, key, sealed))
        place += _HEAD.size + size
    return Segment(path, tuple(found), place, len(content))


def _check(number: int, at_us: int, key: bytes, sealed: bytes) -> bytes:
    return sha256(struct.pack(">QQ", number, at_us) + key + sealed).digest()[:8]


class SpoolWriter:
    """The one writer of a slot; thread-safe. It keeps numbers in memory, and nothing of what it sealed."""

    def __init__(self, root: Path) -> None:
        """Take the first free slot, making the folders when they are new, and continue after what is there.

        On a disk that takes nothing it is taken later, by whichever call finds that it can be: whoever asks is served
        meanwhile, and no deposit is taken.

        Raises:
            SpoolBusyError: every slot is taken.
        """
        self._root = self._folder = self._path = root
        self._turn = threading.Lock()
        self._file = self._lock = -1
        self._length = self._next = 0
        self._keys, self._counted = 0, -float(KEYS_COUNTED_SECONDS)
        with suppress(OSError):
            self._open()

    def close(self) -> None:
        """Let the slot go."""
        for file in (self._file, self._lock):
            if file >= 0:
                os.close(file)
        self._file = self._lock = -1

    @property
    def used(self) -> int:
        """Bytes that all slots take, and the keys of a day; those that other slots made are of some seconds ago."""
        if time.monotonic() - self._counted >= KEYS_COUNTED_SECONDS:
            self._keys, self._counted = len(os.listdir(self._root / KEYS)), time.monotonic()
        return bytes_held(self._root) + self._keys * KEY_BYTES

    def given(self, number: int) -> bool:
        """Whether a slot holds a record of this number; says nothing of what is under it."""
        for slot in self._root.glob("[0-9]*"):
            firsts = sorted(
                (path for path in slot.iterdir() if path.suffix in {OPEN, CLOSED}), key=lambda one: one.stem
            )
            before = [path for path in firsts if int(path.stem, 16) <= number]
            if _spool_number(slot) == number >> COUNTER_BITS and before:
                content = before[-1].read_bytes() if before[-1].exists() else b""
                return any(record.number == number for record in _read(before[-1], content).records)
        return False

    def find(self, key: bytes) -> tuple[int, int] | None:
        """The number and instant (microseconds) of a deposit already taken under this key."""
        try:
            number, at_us = (self._root / KEYS / key.hex()).readlink().name.split("-")
        except (OSError, ValueError):
            return None
        return int(number, 16), int(at_us)

    def append(self, key: bytes, at_us: int, make: Callable[[int], bytes], bytes_max: int) -> tuple[int, int]:
        """Write one record and wait until it is on disk; the same key gives the number it had.

        Args:
            key: 16 bytes, the same for the same deposit sent again.
            at_us: the instant of reception.
            make: seals the deposit under its number.
            bytes_max: what every slot together may take with it.

        Raises:
            SpoolFullError: there is no room, or the folder fails, which is its cause then; nothing was written.
        """
        try:
            with self._turn:
                self._open()
            known = self._take_key(key)
        except (OSError, SpoolBusyError) as error:
            raise SpoolFullError from error
        if known is not None:
            return known
        mine = self._root / KEYS / key.hex()
        try:
            with self._turn:
                number = self._write(key, at_us, make, bytes_max)
        except BaseException:
            mine.unlink(missing_ok=True)
            self._keys -= 1
            raise
        made = mine.with_suffix(".new")
        try:
            made.symlink_to(f"{number:x}-{at_us}")
            made.replace(mine)
        except OSError:  # the deposit is on disk: another sending of it is known as the same care by the worker
            with suppress(OSError):
                made.unlink(missing_ok=True)
                mine.unlink(missing_ok=True)
        return number, at_us

    def rotate(self) -> None:
        """Close the segment being written when it holds something, so that the worker may take it away.

        Raises:
            OSError: the folder takes nothing; what is written goes on into the present segment.
            SpoolBusyError: no slot could be taken yet, and by now every one is.
        """
        with self._turn:
            self._open()
            if self._length:
                self._rotate()

    def insist_room(self) -> None:
        """Write and take away a file as large as a deposit can be.

        Raises:
            OSError: the folder takes none.
        """
        trial = self._folder / "room"
        try:
            with trial.open("wb") as file:
                file.write(bytes(_PAYLOAD_MAX))
                file.flush()
                os.fsync(file.fileno())
        finally:
            trial.unlink(missing_ok=True)

    def forget_keys(self, now: float) -> None:
        """Forget keys of a day ago; the worker knows the same care by other means."""
        for path in (self._root / KEYS).iterdir():
            with suppress(FileNotFoundError):
                if now - path.lstat().st_mtime > KEYS_SECONDS:
                    path.unlink()

    def _take_key(self, key: bytes) -> tuple[int, int] | None:
        """Take a key for a new deposit, or wait for the number that another sending of it is being given."""
        path = self._root / KEYS / key.hex()
        waited = time.monotonic() + ABANDONED_SECONDS
        while True:
            try:
                path.symlink_to(_TAKEN)
            except FileExistsError:
                found = self.find(key)
                if found is not None:
                    return found
                if time.monotonic() > waited:
                    return None  # its process is gone: this sending takes its place
                time.sleep(0.01)
            else:
                self._keys += 1
                return None

    def _write(self, key: bytes, at_us: int, make: Callable[[int], bytes], bytes_max: int) -> int:
        number = self._next
        sealed = make(number)
        head = _HEAD.pack(_MAGIC, _VERSION, len(sealed), number, at_us, key, _check(number, at_us, key, sealed))
        if self.used + len(head) + len(sealed) > bytes_max:
            raise SpoolFullError
        try:
            _write_whole(self._file, head + sealed, self._length)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._length)
            raise SpoolFullError from error
        self._length += len(head) + len(sealed)
        self._next += 1
        if self._length >= SEGMENT_BYTES_MAX:
            with suppress(OSError):  # this one is on disk; the next one tries again
                self._rotate()
        return number

    def _open(self) -> None:
        """Take a slot where this has none: its folders are made when they are new."""
        if self._file >= 0:
            return
        (self._root / KEYS).mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        self._folder, self._lock = _take_slot(self._root)
        try:
            sync_folder(self._root)  # what is in a slot and among the keys is as durable as their names
            self._next = _spool_number(self._folder) << COUNTER_BITS
            self._recover()
        except BaseException:
            self.close()
            raise

    def _recover(self) -> None:
        left = sorted(self._folder.glob(f"*{OPEN}"))
        for path in sorted([*left, *self._folder.glob(f"*{CLOSED}")]):
            segment = _read(path, path.read_bytes())
            self._next = max([self._next, int(path.stem, 16), *(record.number + 1 for record in segment.records)])
            if not segment.closed:
                with path.open("r+b") as file:
                    file.truncate(segment.length)
                    os.fsync(file.fileno())
        self._start()
        for path in left:
            if path == self._path:
                continue
            if path.stat().st_size:
                path.rename(path.with_suffix(CLOSED))
            else:
                path.unlink()
        sync_folder(self._folder)

    def _start(self) -> None:
        """Open the next segment; until that is done, what is written goes on into the present one."""
        path = self._folder / f"{self._next:016x}{OPEN}"
        file = os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE)
        try:
            length = os.fstat(file).st_size
            sync_folder(self._folder)
        except OSError:
            os.close(file)
            raise
        self._path, self._file, self._length = path, file, length

    def _rotate(self) -> None:
        full, path = self._file, self._path
        self._start()  # the next segment exists before this one may be taken away: numbers never go back
        os.close(full)
        path.rename(path.with_suffix(CLOSED))
        sync_folder(self._folder)


def _take_slot(root: Path) -> tuple[Path, int]:
    for number in range(SLOTS_MAX):
        folder = root / f"{number:02d}"
        folder.mkdir(exist_ok=True, mode=_FOLDER_MODE)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, _FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return folder, lock
    raise SpoolBusyError


def _write_whole(file: int, content: bytes, at: int) -> None:
    """Write all of it: a disk that fills up takes a part, and says no with the next piece only."""
    done = 0
    while done < len(content):
        done += os.pwrite(file, content[done:], at + done)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _spool_number(folder: Path) -> int:
    """The number of a slot, drawn once: receipts of two slots never meet but by a chance of one in 2**24."""
    path = folder / "number"
    if not path.exists():
        made = folder / "number.new"
        with made.open("w") as file:
            file.write(f"{secrets.randbits(24):06x}")
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
        sync_folder(folder)
    return int(path.read_text(), 16)
