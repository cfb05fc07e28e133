"""The tickets of sessions bound to a key of the browser, and the sign-in of the three sites that bind them all.

A cookie can be copied: by malware, from a proxy's log. So the session's handle alone reads nothing. A ticket goes
with it, for five minutes; another is given for a challenge, once, signed by the session's key: the one that the
browser showed before it left for its provider or, at the portal, with which it chose its activity. That key cannot
leave the browser.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from tierce.identity.dpop import ProofVerifier, digest_of, normalised
from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.identity.model import OpenedSession
from tierce.identity.oidc import Answer, Claims, Started, digest
from tierce.identity.over import Over
from tierce.identity.reading.service import HANDLE_LENGTH, Pool
from tierce.identity.service import SignInDoor
from tierce.identity.sites import store
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.identity.sites.model import Held, Renewed
from tierce.identity.sites.rules import bound_to
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock

START, RENEW = "/sign-in", "/session/renew"
"""What a proof is made for: the address is in it."""


class SiteSessions(Protocol):
    """The sessions of one such site: of staff, of insurers' staff, of persons."""

    @property
    def pool(self) -> Pool:
        """The connections of the site's process."""
        ...

    @property
    def appender(self) -> Appender:
        """The site's own lines."""
        ...

    @property
    def clock(self) -> Clock:
        """The present."""
        ...

    def open_session(self, vouched: Claims, thumbprint: bytes, /) -> Awaitable[OpenedSession]:
        """Open a session for whom the provider vouched for, bound to this key."""
        ...

    def other_key(self, connection: AsyncConnection[TupleRow], handle: str, /) -> Awaitable[Entry]:
        """The line that says that another key signed for this session."""
        ...

    def read(self, held: Held, /) -> Awaitable[Any]:
        """Read a live session."""
        ...

    def end(self, handle: str, /) -> Awaitable[None]:
        """Sign out."""
        ...

    def end_over(self, over: Over, /) -> Awaitable[bool]:
        """End what the provider says is over."""
        ...


@dataclass(frozen=True, slots=True)
class Tickets:
    """Gives the sessions of one process their tickets; what is signed for one is made for `url`.

    `other_key` makes the line that says that another key signed for a session; `known_by` gives what is stored of a
    key for the session of a handle.
    """

    pool: Pool
    appender: Appender
    verifier: ProofVerifier
    url: str
    other_key: Callable[[AsyncConnection[TupleRow], str], Awaitable[Entry]]
    known_by: Callable[[str, bytes], bytes] = bound_to

    async def challenge(self, handle: str) -> str:
        """What the browser of a live session is to sign within the minute, once.

        Raises:
            SessionRefusedError: no live session with a key has this handle.
        """
        drawn = secrets.token_urlsafe(32)
        if len(handle) == HANDLE_LENGTH:
            async with self.pool.connection() as connection:
                if await store.ask_challenge(connection, digest(handle), digest(drawn)):
                    return drawn
        raise SessionRefusedError(SessionReason.UNKNOWN)

    async def renew(self, handle: str, challenge: str, body: bytes, proof: bytes | None) -> str:
        """Give another ticket for a challenge that the session's key signed: `body` holds it, as it was sent.

        What another key signed ends the session, with its line: somebody else holds the handle.

        Raises:
            ProofRefusedError: what was signed does not fit this request; the session stands.
            TicketRefusedError: the challenge serves no more, and the session stands; or another key signed it.
            SessionRefusedError: no live session has this handle.
        """
        ath = digest_of(handle.encode())
        found = self.verifier.verify(proof, method="POST", url=self.url, ath=ath, body=body)
        return await self.signed(handle, challenge, found.thumbprint)

    async def signed(self, handle: str, challenge: str, thumbprint: bytes) -> str:
        """Give a ticket for a challenge to whose key, as the caller has verified, signed.

        Raises:
            TicketRefusedError, SessionRefusedError: as `renew`.
        """
        ticket, bound = secrets.token_urlsafe(32), self.known_by(handle, thumbprint)
        async with self.pool.connection() as connection:
            told = await store.renew(connection, digest(handle), digest(challenge), bound, digest(ticket))
            if told is Renewed.OTHER_KEY:
                await self.appender.write_async(connection, [await self.other_key(connection, handle)])
        match told:
            case Renewed.YES:
                return ticket
            case Renewed.STALE:
                raise TicketRefusedError(TicketReason.STALE)
            case Renewed.OTHER_KEY:
                raise TicketRefusedError(TicketReason.OTHER_KEY)
            case Renewed.OVER:
                raise SessionRefusedError(SessionReason.UNKNOWN)


class BoundDoor:
    """One site's door: its provider's sign-in, with the browser's key from the first step on."""

    def __init__(self, door: SignInDoor, sessions: SiteSessions) -> None:
        """`door` is the provider's; its own address of return says what the site is called."""
        self.door = door
        self.sessions = sessions
        self._verifier = ProofVerifier(sessions.clock)
        self._origin = door.provider.settings.redirect_uri.removesuffix("/sign-in/callback")
        url = normalised(f"{self._origin}{RENEW}")
        self.tickets = Tickets(sessions.pool, sessions.appender, self._verifier, url, sessions.other_key)

    async def start(self, return_to: str, body: bytes, proof: bytes | None) -> Started:
        """Begin a sign-in for the browser whose key signed this body; the thumbprint is kept with the state.

        Raises:
            ProofRefusedError, SignInRefusedError.
        """
        url = normalised(f"{self._origin}{START}")
        found = self._verifier.verify(proof, method="POST", url=url, ath=None, body=body)
        return await self.door.start(return_to, found.thumbprint)

    async def complete(self, answer: Answer, binding: str) -> tuple[OpenedSession, str]:
        """Open the session of the browser that comes back, bound to the key that it left with; where it goes on.

        Raises:
            SignInRefusedError, LinkRefusedError, TicketRefusedError.
        """
        vouched, pending = await self.door.complete(answer, binding)
        if pending.thumbprint is None:
            raise TicketRefusedError(TicketReason.NO_KEY)
        return await self.sessions.open_session(vouched, pending.thumbprint), pending.return_to
