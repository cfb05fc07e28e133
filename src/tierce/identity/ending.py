"""Sessions of professionals that others than their owners end: her provider, or a key that is not theirs."""

from dataclasses import dataclass, replace

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from tierce.identity import store
from tierce.identity.dpop import ProofVerifier, normalised
from tierce.identity.lines import line_of
from tierce.identity.oidc import digest
from tierce.identity.over import Over
from tierce.identity.reading.store import session_by_handle
from tierce.identity.service import Sessions
from tierce.identity.sites.service import RENEW, Tickets
from tierce.identity.vouching import end_over
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


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


def portal_tickets(sessions: Sessions, appender: Appender, url: str) -> Tickets:
    """The tickets of the portal's sessions, which their device's key renews; `url` is the API's public address."""

    async def other_key(connection: AsyncConnection[TupleRow], handle: str) -> Entry:
        found = await session_by_handle(connection, digest(handle))
        assert found is not None, "the session was just ended"
        line = line_of(found[0], Act.SESSION_OTHER_KEY, sessions.clock.now(), policy_digest())
        return replace(line, outcome=Outcome.NOT_ALLOWED)

    renewed = normalised(f"{url.rstrip('/')}/v1{RENEW}")
    return Tickets(
        sessions.pool, appender, ProofVerifier(sessions.clock), renewed, other_key, lambda _handle, key: key
    )
