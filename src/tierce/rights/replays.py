"""The same ask twice: whoever lost an answer may ask again, and is told where it is, never its content.

An ask is marked by its `Idempotency-Key`, or by its proof's own identifier. The mark is keyed, eight bytes, and
stands where its journal line has its salt: it is there exactly when the line is, so nothing else must be kept in step
with the commit (docs/adr/0023).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from weakref import WeakValueDictionary

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tierce.identity.model import Caller
from tierce.journal.engagement import format_engagement, parse_engagement
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import EntrySeq
from tierce.kernel.language import Phrase
from tierce.rights.errors import QuestionError
from tierce.rights.model import Already
from tierce.rights.store import Keyring, Purpose, asked_before

KEPT_FOR: Final = timedelta(hours=24)
"""How long an ask is recognised by its mark."""
KEY_CHARS_MAX: Final = 64
_KEY_BYTES: Final = 5


@dataclass(slots=True)
class Mark:
    """What marks one ask: the key's five bytes and the question's three."""

    key: bytes
    question: bytes

    @property
    def salt(self) -> bytes:
        """The eight bytes of the journal line."""
        return self.key + self.question


def read_key(header: bytes) -> str:
    """Read an `Idempotency-Key`: 1 to 64 visible characters, in double quotes or not.

    Raises:
        QuestionError: it is none; nothing was looked up.
    """
    text = header.decode("ascii", "replace").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= KEY_CHARS_MAX or not text.isascii() or not text.isprintable() or " " in text:
        raise QuestionError(
            "Idempotency-Key",
            Phrase("la clé d’idempotence n’est pas acceptable", "the idempotency key is not acceptable"),
            Phrase("Envoyez de 1 à 64 caractères visibles, par exemple un UUID.",
                   "Send 1 to 64 visible characters, a UUID for example."),
        )  # fmt: skip
    return text


class Replays:
    """Recognises asks that came before."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], keyring: Keyring, clock: Clock) -> None:
        """Read with `pool`; marks are made with the pair key, engagement numbers with theirs."""
        self._pool = pool
        self._hash = keyring.hash(Purpose.PAIR)
        self._engagement = keyring.raw(Purpose.ENGAGEMENT.value)
        self._clock = clock
        self._under_way: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def mark(self, caller: Caller, key: str, path: str, body: bytes) -> Mark:
        """The mark of one ask of one line of seats, by its `Idempotency-Key`."""
        line = caller.line.to_bytes(8, "big")
        marked = self._hash.digest(b"|".join((b"replay", b"key", line, key.encode())))
        asked = self._hash.digest(b"|".join((b"replayed question", line, path.encode(), body)))
        return Mark(marked[:_KEY_BYTES], asked[: 8 - _KEY_BYTES])

    def mark_of_proof(self, caller: Caller, once: bytes) -> Mark:
        """The mark of an ask by its proof: one proof is of one question, for it names path and body."""
        marked = self._hash.digest(b"|".join((b"replay", b"proof", caller.line.to_bytes(8, "big"), once)))
        return Mark(marked[:_KEY_BYTES], marked[_KEY_BYTES:8])

    @asynccontextmanager
    async def alone(self, mark: Mark) -> AsyncIterator[None]:
        """Hold back an ask of the same mark until this one is answered; within this process."""
        lock = self._under_way.setdefault(mark.key, asyncio.Lock())
        async with lock:
            yield

    async def earlier(self, caller: Caller, mark: Mark, revisited: str | None) -> Already | None:
        """What became of the ask of this mark, or None when there was none or it was refused as it stood.

        `revisited` is the engagement number in a revisit's address: it stays the number of what was shown.

        Raises:
            QuestionError: the same key came with another question.
        """
        since = micros(self._clock.now() - KEPT_FOR)
        async with self._pool.connection() as connection:
            found = await asked_before(connection, caller.professional, mark.key, since)
        if found is None:
            return None
        seq, shown, told, question = found
        if question != mark.question:
            raise QuestionError(
                "Idempotency-Key",
                Phrase("cette clé d’idempotence a servi à une autre question",
                       "this idempotency key was used for another question"),
                Phrase("Prenez une nouvelle clé pour chaque question.", "Take a new key for each question."),
            )  # fmt: skip
        if not told:
            return None
        opened = EntrySeq(seq) if revisited is None else parse_engagement(self._engagement, revisited)
        return Already(format_engagement(self._engagement, opened) if shown else None)
