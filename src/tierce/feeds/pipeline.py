"""Reads and prepares the chunks of a rights file, in this process or, for a large file, in one beside it.

The other process holds the keys of the indexes and no connection; it gets them over a pipe that nothing else reads,
and ends with the pipe: nobody has to clean up behind an import that was killed. What it prepares lies in memory that
both share and that has no name, so that no chunk is copied from one to the other, nor waits for the other to be read.
"""

import mmap
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context, reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np

from tierce.feeds.source import Source, Span, open_source
from tierce.kernel.errors import TierceError
from tierce.registry.batch import Ints
from tierce.registry.columns import RIGHTS
from tierce.registry.hashing.store import Hasher
from tierce.registry.model import Sender
from tierce.registry.prepare import prepare
from tierce.registry.prepared import Prepared

_AHEAD: Final = 2
"""Chunks asked for before they are needed: while one is written, the next is prepared."""

_SLOTS: Final = _AHEAD + 1
_SLOT_BYTES: Final = 1 << 26
"""Room for one chunk: 64 MiB of addresses, of which only what is used is memory. Larger ones go by the pipe."""
_ALIGNED: Final = 64


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
        self.source: Source = open_source(path, RIGHTS)
        self._sender = sender
        self._hasher = Hasher(keys.index, keys.trait, keys.feed, sender.amc)

    def prepared(self, part: Part) -> Prepared:
        """Read and prepare one chunk, or some of its lines."""
        chunk = self.source.read(part.span)
        if part.wanted is not None:
            chunk = chunk.only(part.wanted)
        return prepare(chunk.table, chunk.lines, chunk.rows, chunk.rejections, self._sender, self._hasher)


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
def beside(path: Path, sender: Sender, keys: Keys) -> Iterator["Beside"]:
    """Start a process that prepares chunks; it ends when the block does, or when this process dies."""
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
        yield Beside(ours, shelf)
    finally:
        os.close(shelf)
        ours.close()
        process.join()


class Beside(Work):
    """Asks the other process for chunks, a few ahead."""

    def __init__(self, pipe: Connection, shelf: int) -> None:
        """Use our end of the pipe, and the memory that both share."""
        self._pipe = pipe
        self._shelf = memoryview(mmap.mmap(shelf, _SLOTS * _SLOT_BYTES))

    def in_turn(self, parts: Iterator[Part]) -> Iterator[tuple[Span, Prepared]]:
        """Yield chunk after chunk in the order of the file; each is good until the next is asked for."""
        waiting: deque[tuple[Span, int]] = deque()
        free = deque(range(_SLOTS))
        for part in chain(parts, [None] * _AHEAD):
            if part is not None:
                slot = free.popleft()
                self._pipe.send((part, slot))
                waiting.append((part.span, slot))
            if waiting and (part is None or len(waiting) > _AHEAD):
                span, slot = waiting.popleft()
                yield span, self._answer(slot)
                free.append(slot)

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
