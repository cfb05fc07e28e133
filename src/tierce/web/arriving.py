"""Bodies on their way: so many at once, each for so long, whatever the pace at which they are sent.

Whoever sends slowly holds a connection, of which a process has so many, and what came so far. An honest body is there
within moments of its head: of many, the one that has been longest on its way is the likeliest to be held back, and is
the first to go.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

ARRIVING_MAX: Final = 256
"""On their way at once, in one process; of one more, the oldest is let go."""


class OnItsWay(Protocol):
    """One body."""

    def give_up(self) -> None:
        """Wait no more for what is still to come."""


class Arrivals:
    """The bodies that are on their way to one process."""

    def __init__(self, most: int = ARRIVING_MAX) -> None:
        """Let `most` be on their way at once."""
        self._most = most
        self._under_way: dict[OnItsWay, None] = {}

    def begin(self, one: OnItsWay) -> None:
        """Somebody waits for a piece of it that is not there yet."""
        if one in self._under_way:
            return
        self._under_way[one] = None
        if len(self._under_way) > self._most:
            oldest = next(iter(self._under_way))
            del self._under_way[oldest]
            oldest.give_up()

    def end(self, one: OnItsWay) -> None:
        """It is whole, or nobody waits for it any more."""
        self._under_way.pop(one, None)


class Arriving:
    """What is received of one request, which ends as if whoever sends it had gone when its body is late."""

    def __init__(self, receive: Receive, seconds: float, arrivals: Arrivals) -> None:
        """Begin to count."""
        self._receive = receive
        self._until = asyncio.get_running_loop().time() + seconds
        self._arrivals = arrivals
        self._waits: asyncio.Timeout | None = None
        self._whole = False
        self.late = False
        """Whether it did not arrive in time, or had to give way."""

    async def __call__(self) -> Message:
        """The next message; once the body is whole, as long as the server makes one wait."""
        if self._whole:
            return await self._receive()
        if self.late:  # it had to give way while what came was read
            return {"type": "http.disconnect"}
        self._arrivals.begin(self)
        try:
            async with asyncio.timeout_at(self._until) as self._waits:
                message = await self._receive()
        except TimeoutError:
            self.late = True
            self.end()
            return {"type": "http.disconnect"}
        finally:
            self._waits = None
        self._whole = not message.get("more_body", False)
        if self._whole:
            self.end()
        return message

    def give_up(self) -> None:
        """Wait no more for what is still to come."""
        self.late = True
        if self._waits is not None:
            self._waits.reschedule(asyncio.get_running_loop().time())

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._arrivals.end(self)
