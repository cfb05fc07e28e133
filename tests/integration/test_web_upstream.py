"""Another server through `Upstream`, over real sockets: however many give up, the next request is answered."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from tierce.web.upstream import WHOLE_BYTES, WHOLE_SECONDS, Upstream, Whole

pytestmark = pytest.mark.integration

CONNECTIONS, CROWD, ROUNDS = 4, 24, 60
CROWD_SECONDS = 0.02
"""A crowd takes about as long to be answered; half of it gives up meanwhile."""


class Server:
    """Answers each request; `held` keeps every answer back until it is set."""

    def __init__(self) -> None:
        self.held = asyncio.Event()
        self.held.set()
        self.reached = asyncio.Event()
        self.under_way = self.most = self.asked = 0
        self.connections: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                self.reached.set()
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                await self.held.wait()
                self.under_way -= 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def world(wait_seconds: float, whole_seconds: float = WHOLE_SECONDS) -> AsyncIterator[tuple[Server, Upstream]]:
    """A server and a client of it."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with Upstream(
        connections=CONNECTIONS, wait_seconds=wait_seconds, whole_seconds=whole_seconds, base_url=url, trust_env=False
    ) as client:
        yield server, client
    listening.close()
    await asyncio.gather(*(one for one in server.connections if one is not None))


@pytest.mark.parametrize("seed", [7])
def test_a_client_whose_requests_are_cancelled_in_a_crowd_goes_on(seed: int) -> None:
    async def run() -> None:
        draws, loop = random.Random(seed), asyncio.get_running_loop()
        async with world(5.0) as (server, client):
            for _ in range(ROUNDS):
                crowd = [asyncio.create_task(client.get("/")) for _ in range(CROWD)]
                for one in draws.sample(crowd, CROWD // 2):
                    loop.call_later(draws.random() * CROWD_SECONDS, one.cancel)
                await asyncio.gather(*crowd, return_exceptions=True)
            assert server.most <= CONNECTIONS
            assert (await client.get("/")).status_code == 200

    asyncio.run(run())


def test_what_was_given_up_before_it_left_never_leaves_and_nothing_outlives_the_time_of_the_whole() -> None:
    async def run() -> None:
        async with world(60.0, whole_seconds=0.2) as (server, client):
            server.held.clear()
            under_way = [asyncio.create_task(client.get("/")) for _ in range(CONNECTIONS)]
            await server.reached.wait()
            waiting = [asyncio.create_task(client.get("/")) for _ in range(CONNECTIONS)]
            await asyncio.wait(waiting, timeout=0)  # each has come to where it waits for room
            for one in waiting:
                one.cancel()
            await asyncio.wait(waiting)
            told = await asyncio.gather(*under_way, return_exceptions=True)
            assert all(isinstance(one, httpx.ReadTimeout) for one in told)
            await client.aclose()
            assert server.asked == CONNECTIONS
            server.held.set()

    asyncio.run(run())


def test_whoever_finds_no_room_is_refused_and_takes_none_away() -> None:
    async def run() -> None:
        async with world(0.05) as (server, client):
            server.held.clear()
            crowd = [asyncio.create_task(client.get("/")) for _ in range(CROWD)]
            # Those that found no room end first; the others wait for their answers.
            refused = await asyncio.gather(*crowd[CONNECTIONS:], return_exceptions=True)
            assert {type(one) for one in refused} == {httpx.PoolTimeout}
            assert server.most <= CONNECTIONS
            server.held.set()
            assert [one.status_code for one in await asyncio.gather(*crowd[:CONNECTIONS])] == [200] * CONNECTIONS
            after = await asyncio.gather(*(client.get("/") for _ in range(CONNECTIONS)))
            assert [one.status_code for one in after] == [200] * CONNECTIONS

    asyncio.run(run())


def test_a_request_whose_asker_has_gone_ends_by_itself() -> None:
    async def run() -> None:
        async with world(5.0) as (server, client):
            server.held.clear()
            gone = asyncio.create_task(client.get("/"))
            await server.reached.wait()
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            server.held.set()
            assert (await client.get("/")).status_code == 200
            with pytest.raises(ValueError, match="bit by bit"):
                await client.send(client.build_request("GET", "/"), stream=True)

    asyncio.run(run())


def test_the_end_of_its_context_waits_for_what_is_under_way() -> None:
    async def run() -> None:
        async with world(5.0) as (server, client):
            server.held.clear()
            gone = asyncio.create_task(client.get("/"))
            await server.reached.wait()
            gone.cancel()
            leaving = asyncio.create_task(client.__aexit__(None, None, None))
            done, _ = await asyncio.wait({leaving}, timeout=0.05)
            assert not done
            server.held.set()
            await leaving
            assert client.is_closed

    asyncio.run(run())


HEAD = b"HTTP/1.1 200 OK\r\n"
PACKED = gzip.compress(b"a" * 2 * WHOLE_BYTES, 1)
ENDLESS = {
    "/a-head-byte-by-byte": (HEAD, b"x"),
    "/an-answer-byte-by-byte": (HEAD + b"content-length: 1000000\r\n\r\n", b"x"),
    "/an-answer-without-end": (HEAD + b"\r\n", b"x" * 65_536),
    "/a-long-one-compressed": (
        HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(PACKED) + PACKED, b"",
    ),
    "/nothing-at-all": (b"", b""),
}  # fmt: skip


@asynccontextmanager
async def endless() -> AsyncIterator[Upstream]:
    """A client of a server that answers so, until nobody hears it any more; any other address, as it should."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            begins, goes_on = ENDLESS.get(path, (HEAD + b"content-length: 2\r\n\r\n{}", None))
            writer.write(begins)
            while goes_on is not None:
                writer.write(goes_on)
                await writer.drain()
                with suppress(TimeoutError):
                    goes_on = goes_on if await asyncio.wait_for(reader.read(1), 0.01) else None
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with Upstream(connections=len(ENDLESS), whole_seconds=1.0, base_url=url, trust_env=False) as client:
        yield client
    listening.close()


def test_an_answer_without_end_is_cut_off_and_holds_no_connection() -> None:
    async def run() -> None:
        async with endless() as client:
            crowd = asyncio.gather(*(client.get(path, timeout=30.0) for path in ENDLESS), return_exceptions=True)
            found = await asyncio.wait_for(crowd, 20.0)
            assert [type(one).__name__ for one in found] == [
                "ReadTimeout", "ReadTimeout", "ReadError", "ReadError", "ReadTimeout",
            ]  # fmt: skip
            after = await asyncio.gather(*(client.get("/") for _ in ENDLESS))
            assert [(one.status_code, one.json()) for one in after] == [(200, {})] * len(ENDLESS)

    asyncio.run(run())


def test_a_thread_that_asks_is_held_up_by_no_other_server() -> None:
    """The worker begins once its witnesses were asked: one that answers byte by byte kept the watch from it."""

    async def run() -> None:
        async with endless() as client:
            with httpx.Client(transport=Whole(1.0), base_url=client.base_url) as http:
                for path in ("/a-head-byte-by-byte", "/an-answer-without-end"):
                    asked = asyncio.to_thread(http.post, path, content=b"{}", timeout=30.0)
                    with pytest.raises((httpx.ReadTimeout, httpx.ReadError)):
                        await asyncio.wait_for(asked, 20.0)
                answer = await asyncio.to_thread(http.post, "/", content=b"{}")
                assert (answer.status_code, answer.json()) == (200, {})

    asyncio.run(run())
