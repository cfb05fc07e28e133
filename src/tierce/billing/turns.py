"""What one place sends is taken in one after the other: whoever waits for her place's turn holds no connection.

The database looks at one of a place at a time, whichever process takes it (`care.one_at_a_time`). A crowd of one
place's that waited there would hold every connection of this process, and keep all other places waiting.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from weakref import WeakValueDictionary

from psycopg import AsyncConnection

from tierce.billing.errors import PlaceBusyError
from tierce.identity.model import SessionState
from tierce.identity.service import Received, Sessions

WAIT_SECONDS: Final = 1.0
"""As long as the database lets one wait for another (its `lock_timeout`)."""


class Turns:
    """The turns of each place, in this process."""

    def __init__(self, sessions: Sessions, wait_seconds: float = WAIT_SECONDS) -> None:
        """Which place a session is of is told by `sessions`."""
        self._sessions = sessions
        self._wait_seconds = wait_seconds
        self._of: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def signed(
        self, handle: str, request: Received
    ) -> AsyncIterator[tuple[AsyncConnection[Any], SessionState]]:
        """A transaction for what a session sends of its place, once it is that place's turn.

        Raises:
            SessionRefusedError, ProofRefusedError: as `Sessions.signed`.
            PlaceBusyError: others of this place were being taken in for all that time.
        """
        sessions = self._sessions
        reader = await sessions.read(handle)
        # A session that has chosen no place is refused below, and waits for nobody else.
        place = -reader.id if reader.activity is None else reader.activity.establishment
        turn = self._of.setdefault(place, asyncio.Lock())
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn.acquire()
        except TimeoutError:
            raise PlaceBusyError from None
        try:
            async with sessions.signed(handle, request, keyless_too=True) as found:
                yield found
        finally:
            turn.release()
