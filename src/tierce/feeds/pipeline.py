"""Reads and prepares the chunks of a rights file, in this process or, for a large file, in one beside it as well.

The other process does most of it. Whenever the import would wait for it, while it starts too, the import prepares a
chunk itself, so that both processors have work whichever of the two is slower. The other process holds the keys of
the indexes and no connection; it gets them over a pipe that nothing else reads, and ends with the pipe: nobody has to
clean up behind an import that was killed. What it prepares lies in memory that both share and that has no name, so
that no chunk is copied from one to the other, nor waits for the other to be read.
"""

import ctypes
import mmap
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tierce.feeds.source import Source, Span, open_source
from tierce.kernel.errors import TierceError
from tierce.registry.arrays import Ints
from tierce.registry.columns import RIGHTS
from tierce.registry.hashing.store import Hasher
from tierce.registry.model import Sender
from tierce.registry.prepare import prepare
from tierce.registry.prepared import Prepared

_OWN_AHEAD: Final = 2
"""Chunks that the import prepares itself while it waits for one; then it waits."""

_SLOTS: Final = 3
"""Chunks asked of the other process before they are needed, the one being written included."""

_SLOT_BYTES: Final = 1 << 26
"""Room for one chunk: 64 MiB of addresses, of which only what is used is memory. Larger ones go by the pipe."""
_ALIGNED: Final = 64

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's mallopt."""
_KEPT: Final = 1 << 28
_NOT_MAPPED: Final = 1 << 25
"""The most that mallopt takes."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The raw keys of the indexes."""

    index: bytes
    trait: bytes
    feed: bytes

    def __repr__(self) -> str:
        return "Keys(•••)"


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be prepared: a chunk, or some of its lines."""

    span: Span
    wanted: Ints | None = None


def parts_of(spans: Iterator[Span], wanted: Ints | None = None) -> Iterator[Part]:
    """Every chunk whole; or, of those that hold lines wanted (ascending), these lines, and no other chunk."""
    for span in spans:
        if wanted is None:
            yield Part(span)
            continue
        first, last = np.searchsorted(wanted, (span.line, span.line + span.lines)).tolist()
        if first < last:
            yield Part(span, wanted[first:last])


class Reader:
    """Reads and prepares chunks of one file."""

    def __init__(self, path: Path, sender: Sender, keys: Keys) -> None:
        """Open the file; see `open_source` for what may be wrong with it."""
        _keep_memory()
        self.source: Source = open_source(path, RIGHTS)
        self._sender = sender
        self._hasher = Hasher(keys.index, keys.trait, keys.feed, sender.amc)

    def prepared(self, part: Part) -> Prepared:
        """Read and prepare one chunk, or some of its lines."""
        chunk = self.source.read(part.span)
        if part.wanted is not None:
            chunk = chunk.only(part.wanted)
        return prepare(chunk.table, chunk.lines, chunk.rows, chunk.rejections, self._sender, self._hasher)


def _keep_memory() -> None:
    """Keep what a chunk gives back for the next: else the system takes it, and zeroes it page by page each time.

    Arrow's own pool gives it back always, malloc from some MiB on unless it is told otherwise. What is kept is what
    one chunk needs.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    tell = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's alone
    if tell is not None:
        tell(_TRIM_THRESHOLD, _KEPT)
        tell(_MMAP_THRESHOLD, _NOT_MAPPED)


_Found = int | Prepared | TierceError
"""The slot where a chunk will lie; a chunk prepared here, or what was wrong with it."""


class Work:
    """Prepares chunk after chunk in this process."""

    def __init__(self, prepared: Callable[[Part], Prepared]) -> None:
        """Prepare each part with this function."""
        self._prepared = prepared

    def in_turn(self, parts: Iterator[Part]) -> Iterator[tuple[Span, Prepared]]:
        """Yield chunk after chunk in the order of the file; each is good until the next is asked for."""
        for part in parts:
            yield part.span, self._prepared(part)


@contextmanager
def beside(path: Path, sender: Sender, keys: Keys, prepared: Callable[[Part], Prepared]) -> Iterator["Beside"]:
    """Start a process that prepares chunks; it ends when the block does, or when this process dies.

    `prepared` is how this process prepares a chunk by itself.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    shelf = os.memfd_create("tierce-feed")
    os.ftruncate(shelf, _SLOTS * _SLOT_BYTES)
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        reduction.send_handle(ours, shelf, process.pid)
        ours.send((path, sender, keys))
        yield Beside(ours, shelf, prepared)
    finally:
        os.close(shelf)
        ours.close()
        process.join()


class Beside(Work):
    """Asks the other process for chunks, a few ahead, and prepares some here instead of waiting."""

    def __init__(self, pipe: Connection, shelf: int, prepared: Callable[[Part], Prepared]) -> None:
        """Use our end of the pipe, and the memory that both share."""
        super().__init__(prepared)
        self._pipe = pipe
        self._shelf = memoryview(mmap.mmap(shelf, _SLOTS * _SLOT_BYTES))
        self._came = False
        self._free = deque(range(_SLOTS))

    def in_turn(self, parts: Iterator[Part]) -> Iterator[tuple[Span, Prepared]]:
        """Yield chunk after chunk in the order of the file; each is good until the next is asked for."""
        ahead: deque[tuple[Span, _Found]] = deque()
        while True:
            self._ask(parts, ahead)
            if (not ahead or self._would_wait(ahead)) and (part := next(parts, None)) is not None:
                ahead.append((part.span, self._own(part)))
                continue
            if not ahead:
                return
            span, found = ahead.popleft()
            if isinstance(found, int):
                yield span, self._answer(found)
                self._free.append(found)
            elif isinstance(found, TierceError):
                raise found
            else:
                yield span, found

    def is_there(self) -> bool:
        """Tell whether the other process has started and opened the file."""
        if not self._came and self._pipe.poll():
            self._came = self._pipe.recv()
        return self._came

    def _ask(self, parts: Iterator[Part], ahead: deque[tuple[Span, _Found]]) -> None:
        """Ask for as many chunks as the other process may have before it, once it is there."""
        while self._free and self.is_there() and (part := next(parts, None)) is not None:
            slot = self._free.popleft()
            self._pipe.send((part, slot))
            ahead.append((part.span, slot))

    def _would_wait(self, ahead: deque[tuple[Span, _Found]]) -> bool:
        """Tell whether the next chunk is not there yet, and few enough lie here behind it."""
        own = sum(not isinstance(found, int) for _span, found in ahead)
        return isinstance(ahead[0][1], int) and own < _OWN_AHEAD and not self._pipe.poll()

    def _own(self, part: Part) -> Prepared | TierceError:
        """Prepare a chunk here; what is wrong with it is said when its turn comes."""
        try:
            return self._prepared(part)
        except TierceError as error:
            return error

    def _answer(self, slot: int) -> Prepared:
        answer = self._pipe.recv()
        if isinstance(answer, TierceError):
            raise answer
        pickled, sizes = answer
        places = _places(slot, sizes)
        columns = [self._shelf[start:end] for start, end in places]
        found: Prepared = pickle.loads(pickled, buffers=columns)  # noqa: S301 - from our own process, over its pipe
        return found


def _serve(pipe: Connection) -> None:
    try:
        shelf = memoryview(mmap.mmap(reduction.recv_handle(pipe), _SLOTS * _SLOT_BYTES))
        reader = Reader(*pipe.recv())
        pipe.send(True)
        while True:
            part, slot = pipe.recv()
            try:
                answer: object = _shelved(reader.prepared(part), shelf, slot)
            except TierceError as error:
                answer = error
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return


def _shelved(prepared: Prepared, shelf: memoryview, slot: int) -> tuple[bytes, list[int]]:
    """Put a chunk's columns into a slot; returns what remains of it, and the sizes of what lies there."""
    columns: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(prepared, protocol=5, buffer_callback=columns.append)
    raw = [column.raw() for column in columns]
    places = _places(slot, [len(one) for one in raw])
    if places and places[-1][1] > (slot + 1) * _SLOT_BYTES:
        return pickle.dumps(prepared, protocol=5), []
    for (start, end), one in zip(places, raw, strict=True):
        shelf[start:end] = one
    return pickled, [len(one) for one in raw]


def _places(slot: int, sizes: list[int]) -> list[tuple[int, int]]:
    """Where byte strings of these sizes lie in a slot, each from a round address."""
    at, found = slot * _SLOT_BYTES, []
    for size in sizes:
        found.append((at, at + size))
        at += -(-size // _ALIGNED) * _ALIGNED
    return found
