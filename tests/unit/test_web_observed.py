"""What is sent to a site byte by byte ends in time, and what a site waits for afterwards does not."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from tests.settings_file import settings_text
from tierce.kernel.clock import SystemClock
from tierce.settings import load
from tierce.storage.database import Database
from tierce.web.arriving import Arrivals, Arriving
from tierce.web.observed import ONCE, Observed, Receive, Scope, Send
from tierce.web.readiness import Readiness

Message = MutableMapping[str, Any]


def test_a_body_that_comes_byte_by_byte_ends_as_if_its_sender_had_gone() -> None:
    async def read() -> tuple[int, bool]:
        loop, dripped = asyncio.get_running_loop(), asyncio.Event()

        async def drips() -> Message:
            dripped.clear()
            loop.call_later(0.1, dripped.set)
            await dripped.wait()
            return {"type": "http.request", "body": b"a", "more_body": True}

        arriving, pieces = Arriving(drips, 1.0, Arrivals()), 0
        while (await arriving())["type"] == "http.request":
            pieces += 1
        return pieces, arriving.late

    pieces, late = asyncio.run(read())
    assert 0 < pieces < 11
    assert late


def test_a_body_that_is_whole_is_waited_for_no_more() -> None:
    """A page that goes on for longer listens for its reader's going: that has no deadline."""
    told: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]

    async def read() -> tuple[list[str], bool]:
        gone = asyncio.Event()

        async def receive() -> Message:
            if told:
                return told.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        arriving = Arriving(receive, 0.02, Arrivals())
        types = [(await arriving())["type"], (await arriving())["type"]]
        asyncio.get_running_loop().call_later(0.05, gone.set)
        return [*types, (await arriving())["type"]], arriving.late

    assert asyncio.run(read()) == (["http.request", "http.request", "http.disconnect"], False)


def test_of_bodies_on_their_way_the_oldest_gives_way_to_one_more_and_a_whole_one_takes_no_place() -> None:
    async def play() -> list[list[str]]:
        arrivals, never, both = Arrivals(most=2), asyncio.Event(), asyncio.Event()
        waiting: list[int] = []

        def body(*pieces: str) -> Arriving:
            left = list(pieces)

            async def receive() -> Message:
                if not left:
                    waiting.append(1)
                    if len(waiting) == 2:
                        both.set()
                    await never.wait()
                return {"type": "http.request", "body": b"", "more_body": left.pop(0) == "part"}

            return Arriving(receive, 60.0, arrivals)

        async def read(one: Arriving) -> list[str]:
            types = [(await one())["type"]]
            while types[-1] == "http.request" and not one._whole:
                types.append((await one())["type"])
            one.end()
            return types

        slow = [asyncio.ensure_future(read(body("part"))) for _ in range(2)]
        await both.wait()
        whole = [await read(body("last")) for _ in range(5)]
        given_way = await slow[0]
        slow.append(asyncio.ensure_future(read(body("part"))))
        assert not slow[1].done()
        late = asyncio.ensure_future(read(body("part", "part")))
        given_way_next = await slow[1]
        for one in (slow[2], late):
            one.cancel()
        return [given_way, given_way_next, *whole]

    first, second, *whole = asyncio.run(play())
    assert first == second == ["http.request", "http.disconnect"]
    assert whole == [["http.request"]] * 5


@pytest.mark.parametrize("says", [500, None])
def test_a_late_body_is_told_as_such_whatever_a_framework_makes_of_it(tmp_path: Path, says: int | None) -> None:
    """One that is counted as a fault of ours would ring an alert each time that somebody sends slowly."""
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(Database("127.0.0.1", 1, "none", tmp_path), tmp_path, operator="Rive Claire"))
    told: list[Message] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if says is None:
            raise ConnectionResetError
        await send({"type": "http.response.start", "status": says, "headers": []})

    async def play() -> None:
        never = asyncio.Event()

        async def receive() -> Message:
            await never.wait()
            return {}

        async def send(message: Message) -> None:
            told.append(message)

        watched = Observed("portal", app, Readiness("portal", load(file), (), SystemClock()), None, 0.01)
        scope = {"type": "http", "method": "POST", "path": "/ask", "headers": [], "client": ("192.0.2.1", 1)}
        await watched(scope, receive, send)

    asyncio.run(play())
    assert told[0]["status"] == 408
    assert (b"connection", b"close") in told[0]["headers"]


def observed(tmp_path: Path, app: Any, seconds: float = 0.01) -> Observed:  # noqa: ANN401 - any ASGI application
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(Database("127.0.0.1", 1, "none", tmp_path), tmp_path, operator="Rive Claire"))
    return Observed("api", app, Readiness("api", load(file), (), SystemClock()), None, seconds)


def answered(watched: Observed, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of a request whose body never comes."""
    told: list[Message] = []

    async def play() -> None:
        never = asyncio.Event()

        async def receive() -> Message:
            await never.wait()
            return {}

        async def send(message: Message) -> None:
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": ("192.0.2.1", 1)}
        await asyncio.wait_for(watched(scope, receive, send), 20)

    asyncio.run(play())
    return int(told[0]["status"])


async def reads_it_whole(_scope: Scope, receive: Receive, send: Send) -> None:
    """As the guard of the API does, whose proofs are of the body, whatever the method."""
    while (await receive())["type"] != "http.disconnect":
        pass
    await send({"type": "http.response.start", "status": 500, "headers": []})


@pytest.mark.parametrize("said", [(b"content-length", b"9"), (b"transfer-encoding", b"chunked")])
@pytest.mark.parametrize("path", ["/v1/session", "/v1/history/", "/v1/history/x", "/v1/rights/", "/v1/rightsx"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_a_body_that_comes_with_a_reading_is_waited_for_no_longer_than_another(
    tmp_path: Path, said: tuple[bytes, bytes], path: str, method: str
) -> None:
    assert answered(observed(tmp_path, reads_it_whole), method, path, [said]) == 408


@pytest.mark.parametrize("name", sorted(ONCE))
def test_what_is_said_twice_is_refused_before_anybody_reads_it(tmp_path: Path, name: bytes) -> None:
    reached: list[str] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})

    watched = observed(tmp_path, app)
    assert answered(watched, "POST", "/v1/rights", [(name, b"1"), (b"accept", b"*/*"), (name, b"1")]) == 400
    assert reached == []
    several = [(name, b"1"), (b"accept", b"a"), (b"accept", b"b"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    assert answered(watched, "POST", "/v1/rights", several) == 204
