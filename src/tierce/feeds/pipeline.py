"""Reads and prepares the chunks of a rights file, in this process or, for a large file, in one beside it.

The other process holds the keys of the indexes and no connection; it gets them, and answers, over a pipe that
nothing else reads, and ends with the pipe: nobody has to clean up behind an import that was killed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from tierce.feeds.source import Source, Span, open_source
from tierce.kernel.errors import TierceError
from tierce.registry.columns import RIGHTS
from tierce.registry.hashing.store import Hasher
from tierce.registry.model import Sender
from tierce.registry.prepare import prepare
from tierce.registry.prepared import Prepared

_AHEAD: Final = 2
"""Chunks asked for before they are needed: while one is written, the next is prepared."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The raw keys of the indexes."""

    index: bytes
    trait: bytes
    feed: bytes

    def __repr__(self) -> str:
        return "Keys(•••)"


class Reader:
    """Reads and prepares chunks of one file."""

    def __init__(self, path: Path, sender: Sender, keys: Keys) -> None:
        """Open the file; see `open_source` for what may be wrong with it."""
        self.source: Source = open_source(path, RIGHTS)
        self._sender = sender
        self._hasher = Hasher(keys.index, keys.trait, keys.feed, sender.amc)

    def prepared(self, span: Span) -> Prepared:
        """Read and prepare one chunk."""
        chunk = self.source.read(span)
        return prepare(chunk.table, chunk.lines, chunk.rows, chunk.rejections, self._sender, self._hasher)


def in_turn(reader: Reader, spans: Iterator[Span]) -> Iterator[tuple[Span, Prepared]]:
    """Prepare chunk after chunk in this process."""
    for span in spans:
        yield span, reader.prepared(span)


@contextmanager
def beside(path: Path, sender: Sender, keys: Keys) -> Iterator["Beside"]:
    """Start a process that prepares chunks; it ends when the block does, or when this process dies."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.send((path, sender, keys))
        yield Beside(ours)
    finally:
        ours.close()
        process.join()


class Beside:
    """Asks the other process for chunks, a few ahead."""

    def __init__(self, pipe: Connection) -> None:
        """Use our end of the pipe."""
        self._pipe = pipe

    def in_turn(self, spans: Iterator[Span]) -> Iterator[tuple[Span, Prepared]]:
        """Yield chunk after chunk in the order of the file."""
        waiting: list[Span] = []
        for span in chain(spans, [None] * _AHEAD):
            if span is not None:
                self._pipe.send(span)
                waiting.append(span)
            if waiting and (span is None or len(waiting) > _AHEAD):
                answer = self._pipe.recv()
                if isinstance(answer, TierceError):
                    raise answer
                yield waiting.pop(0), answer
        while waiting:
            answer = self._pipe.recv()
            if isinstance(answer, TierceError):
                raise answer
            yield waiting.pop(0), answer


def _serve(pipe: Connection) -> None:
    try:
        reader = Reader(*pipe.recv())
        while True:
            try:
                answer: object = reader.prepared(pipe.recv())
            except TierceError as error:
                answer = error
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return
