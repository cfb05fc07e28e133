"""A disk of its own size, for tests of what is done when it is full."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest


@cache
def _may_mount() -> bool:
    """Whether whoever runs this may mount: a container's root mostly may not."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as where:
        tried = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", where]
        if subprocess.run(tried, check=False, capture_output=True).returncode:
            return False
        subprocess.run(["umount", where], check=True)
    return True


@contextmanager
def own_disk(where: Path, options: str) -> Iterator[Path]:
    """A disk in memory at `where`, which is made, with `mount`'s options; where nobody may mount one, a skip."""
    if not _may_mount():
        pytest.skip("a disk of its own size takes root, and the right to mount")
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", where], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)
