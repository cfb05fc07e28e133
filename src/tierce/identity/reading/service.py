"""Reading the sessions of professionals, many at once, and pushing the ends of those in use away."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from tierce.identity import rules
from tierce.identity.errors import SessionReason
from tierce.identity.model import SessionState
from tierce.identity.oidc import digest
from tierce.identity.reading import store
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.identity.sites.model import Held
from tierce.identity.store import Connection
from tierce.kernel.clock import Clock
from tierce.kernel.ids import SessionId

Pool = AsyncConnectionPool[Connection]
_Read = TypeVar("_Read")
HANDLE_LENGTH = 43
PAGE = 128
"""Sessions learned at once: few enough that whoever waits for hers behind them does not notice."""
LOOK = 1_000
"""Sessions looked at at once, by their handles alone: most are known, and cost no more."""


class SessionReader:
    """Reads sessions by their handles."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Read with `pool`; connections that commit by themselves, unchecked, make a reading one round trip."""
        self._pool = pool
        self._clock = clock

    async def read(self, handles: Sequence[str]) -> dict[str, SessionState | SessionReason]:
        """Read sessions in one statement: of each its state, or why it opens nothing. No end is pushed away."""
        digests = {handle: digest(handle) for handle in handles if len(handle) == HANDLE_LENGTH}
        if not digests:
            return dict.fromkeys(handles, SessionReason.UNKNOWN)
        found = await self._stored(list(digests.values()))
        read: dict[str, SessionState | SessionReason] = dict.fromkeys(handles, SessionReason.UNKNOWN)
        for handle, stored in digests.items():
            if stored in found:
                state, revoked, _ = found[stored]
                read[handle] = refusal_of(state, revoked, self._clock.now()) or state
        return read

    async def suspended(self, session: SessionId) -> bool:
        """Whether the account under which a session acts is suspended now."""
        return await self._look(lambda connection: store.is_suspended(connection, session))

    async def insist_ticket(self, held: Held) -> None:
        """Refuse the handle of a session with a key when no ticket that serves goes with it.

        Raises:
            TicketRefusedError: its browser has to sign first.
        """
        handle, ticket = digest(held.handle), digest(held.ticket)
        if not await self._look(lambda connection: store.may_read(connection, handle, ticket)):
            raise TicketRefusedError(TicketReason.LAPSED)

    async def live(self, after: store.After) -> list[tuple[bytes, store.After]]:
        """Look for sessions that serve, of those opened after a place: each one's digest of the handle, and place."""
        async with self._pool.connection() as connection:
            return await store.live_handles(connection, after, self._clock.now(), LOOK)

    async def of(self, digests: Sequence[bytes]) -> dict[bytes, SessionState]:
        """Read those sessions that serve, by the digests of their handles; no end is pushed away."""
        now = self._clock.now()
        found = (await self._stored(digests)).items()
        return {digest: state for digest, (state, revoked, _) in found if refusal_of(state, revoked, now) is None}

    async def slide(self, ends: Mapping[SessionId, datetime]) -> set[SessionId]:
        """Push away the ends of sessions that were used, many at once; returns those that still live."""
        async with self._pool.connection() as connection:
            return await store.slide(connection, ends, self._clock.now())

    def end_of(self, state: SessionState) -> datetime:
        """When a session used now ends if it is not used again."""
        return rules.expiry(self._clock.now(), state.created, rules.PROFESSIONAL_LIFETIME)

    async def _stored(self, digests: Sequence[bytes]) -> dict[bytes, store.Found]:
        return await self._look(lambda connection: store.sessions_by_handle(connection, digests))

    async def _look(self, read: Callable[[Connection], Awaitable[_Read]]) -> _Read:
        """Read; once more, and no more, when the connection died while it was idle, and is replaced."""
        try:
            async with self._pool.connection() as connection:
                return await read(connection)
        except psycopg.OperationalError:
            async with self._pool.connection() as connection:
                return await read(connection)


def refusal_of(state: SessionState, revoked: datetime | None, now: datetime) -> SessionReason | None:
    """Why a stored session opens nothing now, or None."""
    return rules.session_refusal(
        now, created=state.created, expires=state.expires, revoked=revoked, life=rules.PROFESSIONAL_LIFETIME
    )
