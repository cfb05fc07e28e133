"""Requests to another server, over so many connections at most, of which none is ever lost.

The pool below (httpcore 1.0) loses a connection for good when whoever was to have it gives up in the moment it is
given: a wait that ends, a task that is cancelled. Once all are lost every request waits in vain, beside a server in
good health, until the process is started again. So nobody waits in that pool, and nothing is cancelled inside it:
waits are counted here, and a request whose asker has gone ends by itself, within its time-outs.
"""

import asyncio
from typing import Any

import httpx

CONNECTIONS_MAX = 64
KEPT_MAX = 16
KEPT_SECONDS = 30.0
WAIT_SECONDS = 3.0
"""How long a request waits for others to end before it is refused."""


class Upstream(httpx.AsyncClient):
    """An `httpx.AsyncClient` for whole answers, with `connections` requests under way at once."""

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS_MAX,
        wait_seconds: float = WAIT_SECONDS,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> None:
        """Open nothing yet; `options` are those of `httpx.AsyncClient`."""
        kept = min(KEPT_MAX, connections)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=KEPT_SECONDS)
        super().__init__(limits=limits, **options)
        self._room = asyncio.Semaphore(connections)
        self._wait = wait_seconds
        self._turns: set[asyncio.Task[httpx.Response]] = set()

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send one request and read its answer whole.

        Raises:
            httpx.PoolTimeout: as many as may be were under way for as long as one waits.
            httpx.HTTPError: what else went wrong.
        """
        if options.get("stream"):
            msg = "an answer that is read bit by bit would hold its connection"
            raise ValueError(msg)
        turn = asyncio.create_task(self._turn(request, options))
        self._turns.add(turn)
        turn.add_done_callback(self._ended)
        return await asyncio.shield(turn)

    async def aclose(self) -> None:
        """Wait for what is under way, then close every connection."""
        await asyncio.gather(*self._turns, return_exceptions=True)
        await super().aclose()

    async def __aexit__(self, *how: Any) -> None:  # noqa: ANN401 - httpx's own
        """Close as `aclose` does: left to itself, the end of the context waits for nothing."""
        await self.aclose()

    async def _turn(self, request: httpx.Request, options: dict[str, Any]) -> httpx.Response:
        try:
            async with asyncio.timeout(self._wait):
                await self._room.acquire()
        except TimeoutError:
            msg = "as many requests as may be are under way"
            raise httpx.PoolTimeout(msg, request=request) from None
        try:
            return await super().send(request, **options)
        finally:
            self._room.release()

    def _ended(self, turn: asyncio.Task[httpx.Response]) -> None:
        self._turns.discard(turn)
        if not turn.cancelled():
            turn.exception()  # whoever asked may have gone: then nobody else hears of it
