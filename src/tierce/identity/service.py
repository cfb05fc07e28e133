"""Signing in, by a browser with its key, using, listing and ending sessions of professionals.

The only ways to a session are the three `open_*` of this package, and each takes what a provider vouched for in
a completed code flow. There is no password anywhere.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from psycopg_pool import AsyncConnectionPool

from tierce.identity import claims, rules, store
from tierce.identity.dpop import PRIVATE_MEMBERS, Proof, ProofVerifier, digest_of, thumbprint_of
from tierce.identity.errors import (
    NotHersError,
    ProofReason,
    ProofRefusedError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.lines import line_of
from tierce.identity.model import (
    Activity,
    Caller,
    OpenedSession,
    SessionRow,
    SessionState,
    caller_of,
    keyless,
)
from tierce.identity.oidc import Answer, Claims, Pending, ProviderClient, Started, check_pending, digest
from tierce.identity.reading.service import HANDLE_LENGTH, SessionReader, refusal_of
from tierce.identity.reading.store import session_by_handle
from tierce.identity.sites.errors import TicketRefusedError
from tierce.identity.sites.model import Held
from tierce.identity.vouching import keep_vouched
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock, micros, paris_day
from tierce.kernel.ids import (
    ActivityId,
    EntrySeq,
    EstablishmentId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
    new_id,
)
from tierce.policy.acts import Act, Outcome, Site
from tierce.policy.seats import new_line, pack

Pool = AsyncConnectionPool[store.Connection]
NetworkPseudonym = Callable[[str], bytes]
"""Turns a client's address into the 16 keyed bytes that stand for its prefix."""
SLIDE_AFTER = timedelta(minutes=1)


def new_handle() -> tuple[str, bytes]:
    """Draw a session handle of 32 random bytes; returns it and what is stored of it."""
    handle = secrets.token_urlsafe(32)
    return handle, digest(handle)


def named_key(jwk: Mapping[str, Any]) -> bytes:
    """The thumbprint of the public key that a browser names; the proof it sends along must be by that key."""
    if PRIVATE_MEMBERS & jwk.keys():
        raise ProofRefusedError(ProofReason.PRIVATE_KEY)
    return thumbprint_of(dict(jwk))


@dataclass(slots=True)
class Starts:
    """How many sign-ins began in this second, whoever began them."""

    second: int = 0
    begun: int = 0

    def one_more(self, second: int) -> bool:
        """Count one more; False once there were too many. The next second is everybody's again."""
        if second != self.second:
            self.second, self.begun = second, 0
        self.begun += 1
        return self.begun <= rules.STARTS_A_SECOND


@dataclass(frozen=True, slots=True)
class SignInDoor:
    """The two steps of one provider's sign-in, with what lies between them kept in the database."""

    pool: Pool
    provider: ProviderClient
    clock: Clock
    starts: Starts = field(default_factory=Starts)

    async def start(self, return_to: str, thumbprint: bytes | None = None) -> Started:
        """Begin; the site keeps `state` and `binding` in the browser's cookie, and we the thumbprint of its key."""
        if not self.starts.one_more(int(self.clock.now().timestamp())):
            raise SignInRefusedError(SignInReason.BUSY)
        started = await self.provider.start(return_to, thumbprint)
        async with self.pool.connection() as connection:
            await store.put_pending(connection, started.pending)
        return started

    async def complete(self, answer: Answer, binding: str) -> tuple[Claims, Pending]:
        """End: what the provider vouches for, and what was kept since. An answer serves once, right or wrong."""
        async with self.pool.connection() as connection:
            pending = await store.take_pending(connection, digest(answer.state))
        if pending is None:
            raise SignInRefusedError(SignInReason.STATE_UNKNOWN)
        check_pending(pending, self.provider.settings.realm, binding, self.clock.now())
        return await self.provider.complete(pending, answer), pending


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """A request as it reached us: what the browser's proof must fit.

    `url` is the public address of the act, normalised; `body` the bytes as received; `proof` the `DPoP` header.
    """

    method: str
    url: str
    body: bytes
    proof: bytes | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A caller whose ask the browser's key has signed, and the once-only bytes of the proof."""

    caller: Caller
    once: bytes


class Sessions:
    """The sessions of professionals, for the process that holds them."""

    def __init__(
        self,
        pool: Pool,
        appender: Appender,
        clock: Clock,
        network: NetworkPseudonym,
        policy: bytes,
        reader: SessionReader | None = None,
    ) -> None:
        """`policy` is the 16-byte digest of the rendered policy, written with each line."""
        self._pool = pool
        self.reader = reader or SessionReader(pool, clock)
        self._appender = appender
        self._clock = clock
        self._network = network
        self._policy = policy
        self._verifier = ProofVerifier(clock)

    @property
    def pool(self) -> Pool:
        """The connections with which sessions are read."""
        return self._pool

    def knows_network(self, state: SessionState) -> bool:
        """Whether the address that a session came by could be read: two that could not are of no common network."""
        return state.network != self._network("")

    @property
    def clock(self) -> Clock:
        """The clock by which sessions end."""
        return self._clock

    async def open_session(
        self, vouched: Claims, *, site: Site, software: SoftwareId, address: str, thumbprint: bytes | None
    ) -> tuple[OpenedSession, list[Activity]]:
        """Open a session for a professional who has just signed in; it serves once an activity is chosen.

        It is the device's whose key this is, for good; None for a browser that made none: its session never signs.
        """
        identity = claims.professional(vouched)
        now = self._clock.now()
        handle, stored = new_handle()
        async with self._pool.connection() as connection:
            professional = await store.professional_by_national_id(connection, identity.national_id)
            vendor = await store.vendor_of(connection, software)
            if professional is None or vendor is None:
                raise SignInRefusedError(SignInReason.NOT_IN_DIRECTORY)
            applied, known = await store.apply_at(connection, professional, identity)
            if applied:
                lines = [self._application(professional, place, software, vendor, address) for place in applied]
                await self._appender.write_async(connection, lines)
                # An application is kept even when nothing can be chosen yet.
                await connection.commit()
            offered = await store.activities_at(connection, professional, identity, paris_day(now))
            if not offered:
                raise SignInRefusedError(SignInReason.NOT_ENROLLED if known else SignInReason.NO_ACTIVITY)
            login = await store.login_of(connection, professional, now)
            key = keyless(login) if thumbprint is None else thumbprint
            state = SessionState(
                id=SessionId(new_id()),
                site=site,
                login=login,
                professional=professional,
                level=identity.level,
                activity=None,
                device=await store.device_of(connection, key, now),
                line=None,
                thumbprint=key,
                software=software,
                vendor=vendor,
                network=self._network(address),
                created=now,
                used=now,
                expires=rules.expiry(now, now, rules.PROFESSIONAL_LIFETIME),
            )
            await store.put_session(connection, state, stored, [one.id for one in offered])
            await keep_vouched(connection, state.id, vouched, handle)
            await self.note(connection, state, Act.SESSION_OPEN)
        return OpenedSession(state.id, handle, state.expires), offered

    async def insist_hers(self, held: Held, request: Received) -> None:
        """Refuse a handle with which no ticket goes, at the portal, nor the proof of its key, of software's.

        One that is over is for whoever reads it next to refuse.

        Raises:
            TicketRefusedError, ProofRefusedError.
        """
        try:
            await self.reader.insist_ticket(held)
        except TicketRefusedError:
            state = (await self.reader.read([held.handle]))[held.handle]
            if not isinstance(state, SessionState):
                return
            if state.site is not Site.API or state.thumbprint is None:
                raise
            proof = self._verify(held.handle, request, state.thumbprint)
            async with self._pool.connection() as connection:
                await self._use_proof(connection, proof)

    def key_of(self, request: Received) -> bytes | None:
        """The key that signed a request which no session makes yet; None where nothing signed it.

        Raises:
            ProofRefusedError: something did, and does not fit.
        """
        if request.proof is None:
            return None
        return self._verifier.verify(
            request.proof, method=request.method, url=request.url, ath=None, body=request.body
        ).thumbprint

    async def choose(
        self, handle: str, chosen: ActivityId, jwk: Mapping[str, Any] | None, request: Received
    ) -> SessionState:
        """Choose the activity, once: signed by the key with which the sign-in began, where it began with one.

        `jwk` is that public key, of a client that names it here too; `request` this one, with the proof by that key.

        Raises:
            SessionRefusedError, ProofRefusedError.
        """
        async with self._pool.connection() as connection:
            state, offered = await self._live(connection, handle)
            proof = None
            if state.signs:
                assert state.thumbprint is not None, "what signs has a key"
                proof = self._verify(handle, request, state.thumbprint)
            other = jwk is not None and named_key(jwk) != state.thumbprint
            if other or (proof is None and request.proof is not None):
                raise ProofRefusedError(ProofReason.NOT_BOUND)
            activity = await self._open_activity(connection, chosen, offered)
            return await self._attach(connection, handle, state, activity, proof)

    async def choose_proved(self, handle: str, chosen: ActivityId, proof: Proof) -> SessionState:
        """Choose the activity by a proof that was verified already: a token exchange's own, by the session's key.

        Raises:
            SessionRefusedError, ProofRefusedError.
        """
        async with self._pool.connection() as connection:
            state, offered = await self._live(connection, handle)
            activity = await self._open_activity(connection, chosen, offered)
            return await self._attach(connection, handle, state, activity, proof)

    async def _open_activity(
        self, connection: store.Connection, chosen: ActivityId, offered: list[ActivityId]
    ) -> Activity | None:
        wanted = [chosen] if chosen in offered else []
        found = await store.activities(connection, wanted, paris_day(self._clock.now()))
        return found[0] if found else None

    async def _attach(
        self,
        connection: store.Connection,
        handle: str,
        state: SessionState,
        activity: Activity | None,
        proof: Proof | None,
    ) -> SessionState:
        if state.activity is not None:
            raise SessionRefusedError(SessionReason.ALREADY_BOUND)
        if state.device is None:
            raise SessionRefusedError(SessionReason.UNKNOWN)  # it was opened before sessions had their key first
        if activity is None:
            raise SessionRefusedError(SessionReason.OTHER_ACTIVITY)
        if proof is not None:
            await self._use_proof(connection, proof)
        opening = pack(new_line(activity.profession, paris_day(self._clock.now())))
        line, is_new = await store.line_of(connection, state.login, state.device, activity.profession, opening)
        if not await store.bind_session(connection, state.id, activity.id, line):
            raise SessionRefusedError(SessionReason.ALREADY_BOUND)
        read = await session_by_handle(connection, digest(handle))
        assert read is not None, "the session was just bound"
        if is_new:
            await self.note(connection, read[0], Act.DEVICE_ENROL)
        return read[0]

    async def read(self, handle: str) -> SessionState:
        """Read a live session by its handle, and push its end away; the handle alone never shows a person.

        Raises:
            SessionRefusedError: unknown, ended, idle or revoked.
        """
        found = (await self.reader.read([handle]))[handle]
        if isinstance(found, SessionReason):
            raise SessionRefusedError(found)
        if self._clock.now() - found.used >= SLIDE_AFTER:
            await self.reader.slide({found.id: self.reader.end_of(found)})
        return found

    async def offered(self, handle: str) -> list[Activity]:
        """The activities that a session may still choose from; none once it has chosen.

        Raises:
            SessionRefusedError: unknown, ended, idle or revoked.
        """
        async with self._pool.connection() as connection:
            state, offered = await self._live(connection, handle)
            wanted = offered if state.activity is None else []
            return await store.activities(connection, wanted, paris_day(self._clock.now()))

    async def name_of(self, state: SessionState) -> str:
        """Tell a professional her own name, as the directory has it."""
        async with self._pool.connection() as connection:
            return await store.professional_name(connection, state.professional)

    async def caller(self, handle: str, request: Received) -> Signed:
        """Make the Caller of one ask: a session with a key must sign it, a session without one never does.

        The proof's once-only bytes are for the gate to use up, in the transaction of the ask.

        Raises:
            SessionRefusedError, ProofRefusedError.
        """
        state = await self.read(handle)
        if state.activity is None or state.thumbprint is None:
            raise SessionRefusedError(SessionReason.NOT_BOUND)
        if not state.signs:
            if request.proof is not None:
                raise ProofRefusedError(ProofReason.NOT_BOUND)
            return Signed(caller_of(state, signed=False), b"")
        found = self._verify(handle, request, state.thumbprint)
        return Signed(caller_of(state, signed=True), found.once)

    @asynccontextmanager
    async def signed(
        self, handle: str, request: Received, *, keyless_too: bool = False
    ) -> AsyncIterator[tuple[store.Connection, SessionState]]:
        """A transaction for an act that the session's key has signed: its connection and the session.

        A session without a key has nothing that could sign: it is refused as an unsigned one, unless `keyless_too`.

        Raises:
            SessionRefusedError, ProofRefusedError: not live, not bound, without a key, or the proof does not fit.
        """
        async with self._pool.connection() as connection:
            state, _ = await self._live(connection, handle)
            if state.activity is None or state.thumbprint is None:
                raise SessionRefusedError(SessionReason.NOT_BOUND)
            if state.signs or not keyless_too:
                await self._use_proof(connection, self._verify(handle, request, state.thumbprint))
            yield connection, state

    @asynccontextmanager
    async def reading(self, handle: str) -> AsyncIterator[tuple[store.Connection, SessionState]]:
        """A transaction in which a session that has chosen its activity reads: what it finds is told after its line.

        Raises:
            SessionRefusedError: not live, or not bound.
        """
        state = await self.read(handle)
        if state.activity is None:
            raise SessionRefusedError(SessionReason.NOT_BOUND)
        async with self._pool.connection() as connection:
            yield connection, state

    async def note(
        self,
        connection: store.Connection,
        state: SessionState,
        act: Act,
        reference: int = 0,
        *,
        kind: EntryKind = EntryKind.IDENTITY,
        domain: Domain | None = None,
        categories: DataCategory = DataCategory.NONE,
    ) -> EntrySeq:
        """Write the journal line of an act of this session, in the transaction of what it tells: never one alone."""
        line = line_of(state, act, self._clock.now(), self._policy, reference)
        line = replace(line, kind=kind, domain=domain, categories=categories)
        return (await self._appender.write_async(connection, [line]))[0]

    async def list_(self, handle: str) -> list[SessionRow]:
        """List the live sessions of the professional who holds this one."""
        async with self._pool.connection() as connection:
            state, _ = await self._live(connection, handle)
            return await store.sessions_of(connection, state, self._clock.now())

    async def revoke(self, handle: str, session: SessionId, why: str) -> None:
        """End one of one's own sessions, this one included; it opens nothing more from its next ask.

        Raises:
            SessionRefusedError: this session is over.
            NotHersError: the other is over already, or is not one's own.
        """
        async with self._pool.connection() as connection:
            state, _ = await self._live(connection, handle)
            if not await store.revoke(connection, session, state, self._clock.now(), why):
                raise NotHersError
            await self.note(connection, state, Act.SESSION_REVOKE, reference=session)

    async def revoke_others(self, handle: str) -> int:
        """End every other session of one's own, each with its journal line; returns how many."""
        async with self._pool.connection() as connection:
            state, _ = await self._live(connection, handle)
            now, why = self._clock.now(), "all others ended by their owner"
            ended = await store.revoke(connection, state.id, state, now, why, others=True)
            for session in ended:
                await self.note(connection, state, Act.SESSION_REVOKE, reference=session)
        return len(ended)

    async def end(self, handle: str) -> None:
        """Sign out."""
        state = await self.read(handle)
        await self.revoke(handle, state.id, "signed out")

    async def _live(self, connection: store.Connection, handle: str) -> tuple[SessionState, list[ActivityId]]:
        found = None
        if len(handle) == HANDLE_LENGTH:
            found = await session_by_handle(connection, digest(handle))
        if found is None:
            raise SessionRefusedError(SessionReason.UNKNOWN)
        state, revoked, offered = found
        refusal = refusal_of(state, revoked, self._clock.now())
        if refusal is not None:
            raise SessionRefusedError(refusal)
        return state, offered

    def _verify(self, handle: str, request: Received, bound_to: bytes) -> Proof:
        return self._verifier.verify(
            request.proof,
            method=request.method,
            url=request.url,
            ath=digest_of(handle.encode()),
            body=request.body,
            bound_to=bound_to,
        )

    async def _use_proof(self, connection: store.Connection, proof: Proof) -> None:
        refusal = await store.use_proof(connection, proof.once, proof.issued_at)
        if refusal is not None:
            raise ProofRefusedError(refusal)

    def _application(
        self,
        professional: ProfessionalId,
        place: EstablishmentId,
        software: SoftwareId,
        vendor: VendorId,
        address: str,
    ) -> Entry:
        return Entry(
            kind=EntryKind.IDENTITY,
            act=Act.ENROLMENT_APPLY,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            professional=professional,
            establishment=place,
            software=software,
            vendor=vendor,
            network=self._network(address),
            policy=self._policy,
        )
