"""What is sent to a site byte by byte ends in time, and what a site waits for afterwards does not."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from tierce.web.observed import Arriving

Message = MutableMapping[str, Any]


def test_a_body_that_comes_byte_by_byte_ends_as_if_its_sender_had_gone() -> None:
    async def read() -> tuple[int, bool]:
        loop, dripped = asyncio.get_running_loop(), asyncio.Event()

        async def drips() -> Message:
            dripped.clear()
            loop.call_later(0.01, dripped.set)
            await dripped.wait()
            return {"type": "http.request", "body": b"a", "more_body": True}

        arriving, pieces = Arriving(drips, seconds=0.1), 0
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

        arriving = Arriving(receive, seconds=0.02)
        types = [(await arriving())["type"], (await arriving())["type"]]
        asyncio.get_running_loop().call_later(0.05, gone.set)
        return [*types, (await arriving())["type"]], arriving.late

    assert asyncio.run(read()) == (["http.request", "http.request", "http.disconnect"], False)
