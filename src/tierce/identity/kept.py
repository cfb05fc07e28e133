"""A document of a provider, read once however many want it: nobody who comes has it asked at his own rate."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Generic, TypeVar

from tierce.kernel.clock import Clock

Document = TypeVar("Document")

RETRY_AFTER = timedelta(seconds=2)
"""For so long everybody is told of a reading that failed: of a provider that is away, not each of them waits."""


class Kept(Generic[Document]):
    """One document, and when it was last asked for, or when that failed."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, Document]], clock: Clock) -> None:
        """Nothing was read yet; `read` asks the provider."""
        self._read = read
        self._clock = clock
        self._reading: asyncio.Task[Document] | None = None
        self._at = clock.now()

    async def get(self, life: timedelta) -> Document:
        """The document: of the reading under way, of the last one if it is younger than `life`, or of a new one.

        Whatever the reading raised is raised to all who are told of it. Who gives up takes it from nobody.
        """
        reading, now = self._reading, self._clock.now()
        if reading is None or (reading.done() and not timedelta(0) <= now - self._at < _life(reading, life)):
            self._at = now
            reading = self._reading = asyncio.create_task(self._read())
            reading.add_done_callback(self._hear)
        return await asyncio.shield(reading)

    def _hear(self, reading: asyncio.Task[Document]) -> None:
        """Count what failed from its end, for it may have taken long. Whoever asked may be gone."""
        if not reading.cancelled() and reading.exception() is not None:
            self._at = self._clock.now()


def _life(reading: asyncio.Task[Any], life: timedelta) -> timedelta:
    if reading.cancelled():
        return timedelta(0)
    return life if reading.exception() is None else min(life, RETRY_AFTER)
