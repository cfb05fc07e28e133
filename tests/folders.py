"""Folders for installations that tests make: quick where the machine allows it, and nobody else's to tidy."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
_MEMORY_BYTES_MIN = 4 << 30


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may pass through, removed at the end.

    In memory that looks like a disk, where 4 GiB of it are free: every durable setting stays on, and a flush costs
    nothing. On a disk, dropping each test's database forces a checkpoint, which takes seconds while the disk is busy.
    No test cuts the machine's power. It is not in pytest's folder: another run, as it starts, closes that one to
    other users and tidies it, and PostgreSQL loses its data.
    """
    roomy = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free >= _MEMORY_BYTES_MIN
    place = str(_IN_MEMORY) if roomy else None
    with tempfile.TemporaryDirectory(prefix="tierce-tests-", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
