"""An insurer that keeps its people itself and answers on the way: for the demonstration and tests.

It takes signed asks and answers signed, as docs/reference/remote-rights.md has it, over HTTP on this machine.
`Mood` has it behave as one should not.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.kernel.clock import Clock, SystemClock
from tierce.policy.remote import ANSWER_BYTES_MAX
from tierce.rights.remote.signing import ANSWER, ASK, sign, verified

HEAD_BYTES_MAX: Final = 16_384


class Mood(StrEnum):
    """How it behaves."""

    WELL = "well"
    SLOW = "slow"
    """It answers once `StandIn.woken` is set."""
    DOWN = "down"
    """It closes the connection without a word."""
    FAILING = "failing"
    """It answers 500."""
    GARBAGE = "garbage"
    HUGE = "huge"
    SQUEEZED = "squeezed"
    """Small on its way, and four megabytes once opened."""
    FORGED = "forged"
    """Signed by another key."""
    ELSEWHERE = "elsewhere"
    """It leads somewhere else."""
    MIXED = "mixed"
    """A right answer, to another ask."""


@dataclass
class StandIn:
    """Its people are `covered`: by (member number, birth date), what it answers of them; of others, unknown."""

    operator: bytes
    """The operator's public key."""
    covered: Mapping[tuple[str, str], Mapping[str, object]]
    mood: Mood = Mood.WELL
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    clock: Clock = field(default_factory=SystemClock)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every ask that it could verify, as it came."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at each ask."""
    also: Mapping[str, object] = field(default_factory=dict)
    """Members added to each answer, or put in the place of others."""
    url: str = ""

    @property
    def public(self) -> bytes:
        """Its public key."""
        return self.key.public_key().public_bytes_raw()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["StandIn"]:
        """Serve on the loopback until the end of the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        host, bound = server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{bound}/rights"
        try:
            yield self
        finally:
            self.woken.set()
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(min(HEAD_BYTES_MAX, int(lengths[0].partition(b":")[2])))
            self.asked.append(json.loads(verified(ASK, body, self.operator)))
            self.heard.set()
            if self.mood is Mood.SLOW:
                await self.woken.wait()
            if self.mood is not Mood.DOWN:
                status, told, more = self._answer(self.asked[-1])
                writer.write(
                    f"HTTP/1.1 {status}\r\ncontent-length: {len(told)}\r\nconnection: close\r\n{more}\r\n".encode()
                )
                writer.write(told)
                await writer.drain()
        writer.close()

    def _answer(self, ask: dict[str, Any]) -> tuple[str, bytes, str]:
        if self.mood is Mood.FAILING:
            return "500 Internal Server Error", b"", ""
        if self.mood is Mood.ELSEWHERE:
            return "307 Temporary Redirect", b"", f"location: {self.url}/elsewhere\r\n"
        if self.mood is Mood.GARBAGE:
            return "200 OK", b"<html>\xff\x00", ""
        if self.mood is Mood.HUGE:
            return "200 OK", b"a" * (64 * ANSWER_BYTES_MAX), ""
        if self.mood is Mood.SQUEEZED:
            return "200 OK", gzip.compress(bytes(1 << 22)), "content-encoding: gzip\r\n"
        found = self.covered.get((ask["member_number"], ask["birth_date"]), {"answer": "unknown"})
        claims = {"v": 1, "ask": ask["ask"], "iat": int(self.clock.now().timestamp()), **found, **self.also}
        if self.mood is Mood.MIXED:
            claims["ask"] = ask["ask"][::-1]
        key = Ed25519PrivateKey.generate() if self.mood is Mood.FORGED else self.key
        return "200 OK", sign(ANSWER, json.dumps(claims).encode(), key), ""
