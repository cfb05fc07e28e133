"""A small HTTP/1.1 client for load on the loopback: one connection, one request at a time, kept open (RFC 9112)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from tierce.lab.demo.errors import DemoError

HEAD_BYTES_MAX = 16_384
ANSWER_SECONDS_MAX = 15.0


class Wire:
    """One connection to one server; a thief, or anybody who asks a lot, holds several."""

    def __init__(self, url: str) -> None:
        """Speak to the server at `url`; nothing is opened yet."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._host_line = f"host: {parts.netloc}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_reason: object) -> None:
        await self.close()

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send one request in JSON; returns the status and the body, as `send` does."""
        return await self.send("POST", path, body, {"content-type": "application/json", **headers})

    async def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send one request; returns the status and the body.

        Raises:
            DemoError: the server went away or did not answer in time.
        """
        try:
            # Not wait_for: on Python 3.11 it may swallow the cancellation of whoever waits, who then never ends.
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await self._send(method, path, body, headers)
        except (OSError, EOFError, TimeoutError) as error:
            await self.close()
            why = type(error).__name__
            msg = f"le port {self._port} ne répond pas ({why}) / no answer from port {self._port} ({why})"
            raise DemoError(msg) from None

    async def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=HEAD_BYTES_MAX)
        reader, writer = self._streams
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\n{self._host_line}{more}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode("latin-1") + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(answer[9:12])
        at = answer.find(b"\r\ncontent-length:")
        length = int(answer[at + 17 : answer.index(b"\r\n", at + 2)]) if at >= 0 else 0
        return status, await reader.readexactly(length)

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
