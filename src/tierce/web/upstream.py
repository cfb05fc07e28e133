"""Requests to another server, over so many connections at most, of which none is ever lost, nor held for long.

The pool below (httpcore 1.0) loses a connection for good when whoever was to have it gives up in the moment it is
given: a wait that ends, a task that is cancelled. Once all are lost every request waits in vain, beside a server in
good health, until the process is started again. So nobody waits in that pool: waits are counted here. A request whose
asker has gone never leaves if it was still waiting; one that left ends by itself, within the time that it was given.

Those of `httpx` are for one piece: whoever answers byte by byte would hold a connection for hours, and what has no
end would be read until no memory is left. So an answer has a time and a size for the whole of it here. What is cut
off for its time has its connection, and waits for none.
"""

import asyncio
from typing import Any

import httpx

CONNECTIONS_MAX = 64
KEPT_MAX = 16
KEPT_SECONDS = 30.0
WAIT_SECONDS = 3.0
"""How long a request waits for others to end before it is refused."""
WHOLE_SECONDS = 15.0
"""For one request and its whole answer, however it comes, what it waited for others included."""
WHOLE_BYTES = 1_048_576
_AS_IT_IS = {"accept-encoding": "identity"}
"""What is compressed says nothing of its size."""
_OF_THE_WAY = frozenset({"content-encoding", "transfer-encoding", "content-length"})


class Upstream(httpx.AsyncClient):
    """An `httpx.AsyncClient` for whole answers, with `connections` requests under way at once."""

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS_MAX,
        wait_seconds: float = WAIT_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
        whole_bytes: int = WHOLE_BYTES,
        plain: bool = False,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> None:
        """Open nothing yet; `options` are those of `httpx.AsyncClient`.

        With `plain`, what comes compressed though nobody asked for it is refused unread: it says nothing of its size.
        """
        kept = min(KEPT_MAX, connections)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=KEPT_SECONDS)
        super().__init__(limits=limits, headers=_AS_IT_IS, **options)
        self._room = asyncio.Semaphore(connections)
        self._wait, self._whole = wait_seconds, whole_seconds
        self._bytes, self._plain = whole_bytes, plain
        self._turns: set[asyncio.Task[httpx.Response]] = set()
        self._waiting: set[asyncio.Task[httpx.Response]] = set()
        """Those of the turns of which nothing has left."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send one request and read its answer whole.

        Raises:
            httpx.PoolTimeout: as many as may be were under way for as long as one waits.
            httpx.ReadTimeout: the whole took too long.
            httpx.ReadError: the answer is too long.
            httpx.HTTPError: what else went wrong.
        """
        if options.get("stream"):
            msg = "an answer that is read bit by bit would hold its connection"
            raise ValueError(msg)
        turn = asyncio.create_task(self._turn(request, options))
        self._turns.add(turn)
        self._waiting.add(turn)
        turn.add_done_callback(self._ended)
        try:
            return await asyncio.shield(turn)
        except asyncio.CancelledError:
            if turn in self._waiting:  # it has no connection that could be lost
                turn.cancel()
            raise

    async def aclose(self) -> None:
        """Wait for what is under way, then close every connection."""
        await asyncio.gather(*self._turns, return_exceptions=True)
        await super().aclose()

    async def __aexit__(self, *how: Any) -> None:  # noqa: ANN401 - httpx's own
        """Close as `aclose` does: left to itself, the end of the context waits for nothing."""
        await self.aclose()

    async def _turn(self, request: httpx.Request, options: dict[str, Any]) -> httpx.Response:
        turn, until = asyncio.current_task(), asyncio.get_running_loop().time() + self._whole
        try:
            async with asyncio.timeout(self._wait):
                await self._room.acquire()
        except TimeoutError:
            msg = "as many requests as may be are under way"
            raise httpx.PoolTimeout(msg, request=request) from None
        finally:
            self._waiting.discard(turn)
        try:
            async with asyncio.timeout_at(until):
                return await _read(
                    await super().send(request, **{**options, "stream": True}), self._bytes, plain=self._plain
                )
        except TimeoutError:
            msg = "the whole answer took too long"
            raise httpx.ReadTimeout(msg, request=request) from None
        finally:
            self._room.release()

    def _ended(self, turn: asyncio.Task[httpx.Response]) -> None:
        self._turns.discard(turn)
        if not turn.cancelled():
            turn.exception()  # whoever asked may have gone: then nobody else hears of it


async def _read(answer: httpx.Response, most: int, *, plain: bool) -> httpx.Response:
    """Read an answer whole, `most` bytes at most."""
    content = bytearray()
    try:
        if plain and answer.headers.get("content-encoding", "identity") != "identity":
            msg = "the answer is compressed"
            raise httpx.ReadError(msg, request=answer.request)
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > most:
                msg = "the answer is too long"
                raise httpx.ReadError(msg, request=answer.request)
    finally:
        await answer.aclose()
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _OF_THE_WAY]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=answer.request)


class Whole(httpx.BaseTransport):
    """The same for an `httpx.Client`, one request after another, in a thread that no other server may hold up."""

    def __init__(self, whole_seconds: float) -> None:
        """Open nothing yet."""
        self._seconds = whole_seconds
        self._trust = httpx.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its answer whole."""
        return asyncio.run(self._send(request))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        async with Upstream(whole_seconds=self._seconds, verify=self._trust, trust_env=False) as client:
            return await client.send(request)
