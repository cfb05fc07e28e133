"""Many documents of one template, set by several processes at once, in the order they were given.

The typesetter holds Python's lock while it works, so that threads gain nothing: one process a processor does.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Final

from tierce.printing.errors import UnprintableError
from tierce.printing.press import pdf

CHUNK: Final = 16
"""Documents handed to a process at once: enough that the hand-over costs nothing, few enough to stop soon."""

AHEAD: Final = 3
"""Chunks in work per process: what bounds the memory, whatever the number of documents."""


def print_all(
    template: str, documents: Iterable[Mapping[str, object]], processes: int | None
) -> Iterator[bytes | None]:
    """Print each document, in order; None for one whose text our fonts cannot draw, so that one name stops nobody.

    Args:
        template: as for `pdf`.
        documents: read as they are needed, a few chunks ahead.
        processes: how many to start; as many as there are processors when None. With one, or with so few documents
            that starting another would be the longest part, this process does it.

    Raises:
        PrintingError: the template refuses a document; nothing after it is printed.
    """
    workers = processes or len(os.sched_getaffinity(0))
    waiting = iter(documents)
    first = list(islice(waiting, CHUNK))
    if workers == 1 or len(first) < CHUNK:
        yield from (_one(template, document) for document in chain(first, waiting))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        going: deque[Future[list[bytes | None]]] = deque()
        try:
            while True:
                while len(going) < workers * AHEAD and (chunk := first or list(islice(waiting, CHUNK))):
                    going.append(pool.submit(_chunk, template, chunk))
                    first = []
                if not going:
                    return
                yield from going.popleft().result()
        finally:
            for one in going:
                one.cancel()


def _chunk(template: str, documents: list[Mapping[str, object]]) -> list[bytes | None]:
    return [_one(template, document) for document in documents]


def _one(template: str, document: Mapping[str, object]) -> bytes | None:
    try:
        return pdf(template, document)
    except UnprintableError:
        return None
