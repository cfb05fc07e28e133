"""Sessions of professionals that end because their provider says so."""

from dataclasses import dataclass

from tierce.identity import store
from tierce.identity.over import Over
from tierce.identity.reading.store import session_by_handle
from tierce.identity.service import Sessions
from tierce.identity.vouching import end_over
from tierce.policy.acts import Act


@dataclass(frozen=True, slots=True)
class ProviderEnds:
    """Ends sessions of professionals at their provider's word, each with its line as one that its owner ends."""

    sessions: Sessions

    async def end(self, over: Over) -> bool:
        """End what is over; False when this token served before."""
        async with self.sessions.pool.connection() as connection:
            ended = await end_over(connection, over)
            for session in ended or ():
                found = await session_by_handle(connection, await store.handle_of(connection, session))
                assert found is not None, "the session was just ended"
                await self.sessions.note(connection, found[0], Act.SESSION_REVOKE, session)
        return ended is not None
