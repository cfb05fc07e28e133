"""What a pack is made of, and what comes out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FORMAT = "tierce-evidence-pack-v1"
MANIFEST = "manifest.txt"
OFFICE_NAME = "tierce.local/office"
"""The name under which the office signs a pack's manifest; the key is that of its journal lines."""
WORKER = "worker"
"""The instance that takes snapshots of controls."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a pack: its name, and what gives its bytes from the beginning."""

    name: str
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Under:
    """The checkpoint a pack is made under: nothing later is in it."""

    size: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One journal line of a pack."""

    seq: int
    index: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """A pack as it was written: `digest` is the SHA-256 of the file, in 32 bytes."""

    path: Path
    digest: bytes
    files: int
    size: int
    """How many lines of the journal the checkpoint covers."""
    lines: int
