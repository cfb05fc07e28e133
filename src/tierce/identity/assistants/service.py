"""A professional names, lists and ends assistants; an assistant makes a passkey, and signs in with it.

Naming is signed by the key of the professional's session; the code is told once, its digest kept. Making a passkey
and signing in need no session: a code, then a passkey, stand for one. A challenge serves once, right or wrong.
"""

import secrets
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from tierce.identity import rules as lifetimes
from tierce.identity.assistants import passkeys, rules, store
from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.assistants.model import AssistantRow, Begun, Challenge, Code, Credential, Kept, Stopped
from tierce.identity.assistants.passkeys import Site as PasskeySite
from tierce.identity.dpop import encode_b64
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.model import Activity, OpenedSession, SessionState
from tierce.identity.oidc import digest
from tierce.identity.reading.store import session_by_handle
from tierce.identity.service import NetworkPseudonym, Received, Sessions, Starts, new_handle
from tierce.identity.store import Connection, activities, device_of, vendor_of
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import day_of, micros, paris_day
from tierce.kernel.ids import MAX_ID, AssistantId, SessionId, SoftwareId, VendorId, new_id
from tierce.policy.acts import Act, Outcome, Site
from tierce.policy.assistants import CODE_LIFE
from tierce.policy.digest import policy_digest

_STOPPED = {
    Stopped.PLACE: AssistantReason.PLACE,
    Stopped.DEVICE: AssistantReason.DEVICE,
    Stopped.HELD: AssistantReason.HELD,
    Stopped.DAYS: AssistantReason.DAYS,
    Stopped.TOO_MANY: AssistantReason.TOO_MANY,
    Stopped.NOT_FOUND: AssistantReason.NOT_FOUND,
    Stopped.PASSKEYS: AssistantReason.PASSKEYS,
    Stopped.SIGN_IN: AssistantReason.SIGN_IN,
}


class Assistants:
    """What a professional does about her assistants, over the sessions of a process."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the sessions' own connections, clock and journal."""
        self._sessions = sessions

    async def name(self, handle: str, request: Received, family: str, given: str, last: date) -> Code:
        """Name an assistant for the place of this session, until a day, included; her code is told this once.

        Raises:
            AssistantNameError: a name cannot be kept.
            AssistantRefusedError: no place of one's own, a new device, a hold, days or number out of bounds.
            SessionRefusedError, ProofRefusedError.
        """
        family, given = rules.read_name("family_name", family), rules.read_name("given_name", given)
        text = rules.new_code()
        async with self._sessions.signed(handle, request) as (connection, state):
            self._refuse_unknown_network(state)
            stopped, number = await store.name(
                connection,
                state.id,
                family=family,
                given=given,
                handle=secrets.token_bytes(16),
                last=day_of(last),
                code=_code_digest(text),
            )
            _refuse(stopped)
            await self._sessions.note(connection, state, Act.ASSISTANT_NAME, number)
        return Code(number, text, self._sessions.clock.now() + CODE_LIFE)

    async def renew_code(self, handle: str, request: Received, number: AssistantId) -> Code:
        """Make another code for one's assistant; it takes the place of the one before.

        Raises:
            AssistantRefusedError: none of hers here, as many passkeys as may be, or what stops a naming.
            SessionRefusedError, ProofRefusedError.
        """
        text = rules.new_code()
        async with self._sessions.signed(handle, request) as (connection, state):
            self._refuse_unknown_network(state)
            _refuse(await store.renew_code(connection, state.id, _known(number), _code_digest(text)))
            await self._sessions.note(connection, state, Act.ASSISTANT_NAME, number)
        return Code(number, text, self._sessions.clock.now() + CODE_LIFE)

    async def end(self, handle: str, request: Received, number: AssistantId) -> None:
        """End one's assistant: her sessions are refused from their next ask, her passkeys are forgotten.

        Raises:
            AssistantRefusedError: none of hers, or over.
            SessionRefusedError, ProofRefusedError.
        """
        async with self._sessions.signed(handle, request, keyless_too=True) as (connection, state):
            if not await store.end(connection, state.id, _known(number)):
                raise AssistantRefusedError(AssistantReason.NOT_FOUND)
            await self._sessions.note(connection, state, Act.ASSISTANT_END, number)

    async def list_(self, handle: str) -> list[AssistantRow]:
        """List whom one has named and who may still sign in.

        Raises:
            SessionRefusedError: the session is over.
        """
        state = await self._sessions.read(handle)
        async with self._sessions.pool.connection() as connection:
            return await store.list_of(connection, state.id)

    async def name_of(self, state: SessionState) -> str | None:
        """Who an assistant's session is of; None of a professional's own."""
        if state.assistant is None:
            return None
        async with self._sessions.pool.connection() as connection:
            return await store.name_of(connection, state.id)

    def _refuse_unknown_network(self, state: SessionState) -> None:
        """A code is typed on the network it was asked from: one that cannot be told would be everybody's."""
        if not self._sessions.knows_network(state):
            raise AssistantRefusedError(AssistantReason.NETWORK)


@dataclass(frozen=True, slots=True)
class AssistantDoor:
    """Where assistants make passkeys and sign in: nobody has a session yet."""

    sessions: Sessions
    appender: Appender
    network: NetworkPseudonym
    site: PasskeySite
    software: SoftwareId
    starts: Starts = field(default_factory=Starts)

    async def begin_passkey(self, code: str, address: str) -> Begun:
        """Begin to make a passkey, for whoever types a live code on the network that it was asked from.

        Raises:
            AssistantRefusedError: no such code, or typed on another network.
            SignInRefusedError: too many begin in this second.
        """
        self._one_more()
        made, challenge, binding = _challenge()
        async with self.sessions.pool.connection() as connection:
            found = await store.begin_passkey(
                connection,
                code=_code_digest(code),
                network=self.network(address),
                challenge=challenge,
                binding=binding,
            )
        if found is None:
            raise AssistantRefusedError(AssistantReason.CODE)
        on_network, handle, family, given, place, has = found
        if not on_network:
            raise AssistantRefusedError(AssistantReason.NETWORK)
        return Begun(made, bytes(handle), f"{given} {family}", place, tuple(bytes(one) for one in has))

    async def keep_passkey(self, binding: str, said: Credential, address: str) -> Kept:
        """Keep the passkey that was made, and use the code up.

        Raises:
            AssistantRefusedError: another browser's or too old a challenge, a passkey that does not fit, a code used
                or taken back meanwhile.
        """
        challenge = passkeys.challenge_in(said)
        async with self.sessions.pool.connection() as connection:
            taken = await store.take_challenge(connection, sha256(challenge).digest(), digest(binding))
            if taken is None or taken[0] is None:
                raise AssistantRefusedError(AssistantReason.STATE)
            made = passkeys.verify_made(self.site, challenge, said)
            number, code = taken[0], taken[1]
            kept = await store.keep_passkey(
                connection,
                number,
                code,
                credential=made.credential,
                public_key=made.public_key,
                counter=made.counter,
            )
            if kept is None:
                raise AssistantRefusedError(AssistantReason.CODE)
            await self.appender.write_async(connection, [await self._enrolled(connection, number, kept, address)])
        return kept

    async def begin_sign_in(self, thumbprint: bytes) -> Challenge:
        """Begin a sign-in: what the browser's passkey is to sign, whosever it is; the session will have this key.

        Raises:
            SignInRefusedError: too many begin in this second.
        """
        self._one_more()
        made, challenge, binding = _challenge()
        async with self.sessions.pool.connection() as connection:
            await store.leave_challenge(connection, challenge, binding, thumbprint)
        return made

    async def sign_in(
        self, binding: str, said: Credential, site: Site, address: str
    ) -> tuple[OpenedSession, list[Activity]]:
        """Open the session of whoever signed: her professional's, of the one place; it serves once that is chosen.

        Raises:
            AssistantRefusedError: another browser's or too old a challenge, an unknown or ended passkey, a signature
                that does not fit, an assistant who may not sign in today.
        """
        challenge = passkeys.challenge_in(said)
        credential = passkeys.credential_in(said)
        now = self.sessions.clock.now()
        ends = lifetimes.expiry(now, now, lifetimes.PROFESSIONAL_LIFETIME)
        session, (handle, stored) = SessionId(new_id()), new_handle()
        async with self.sessions.pool.connection() as connection:
            taken = await store.take_challenge(connection, sha256(challenge).digest(), digest(binding))
            if taken is None or taken[0] is not None or not taken[2]:
                raise AssistantRefusedError(AssistantReason.STATE)
            signer = await store.passkey_of(connection, credential)
            if signer is None:
                raise AssistantRefusedError(AssistantReason.PASSKEY)
            number = await store.open_session(
                connection,
                credential=credential,
                counter=passkeys.verify_signed(self.site, challenge, said, signer),
                session=session,
                handle=stored,
                site=site,
                software=self.software,
                network=self.network(address),
                ends=ends,
                device=await device_of(connection, taken[2], now),
            )
            found = await session_by_handle(connection, stored)
            if number is None or found is None:
                raise AssistantRefusedError(AssistantReason.PASSKEY)
            offered = await activities(connection, found[2], paris_day(now))
            await self.sessions.note(connection, found[0], Act.ASSISTANT_SIGN_IN, number)
        return OpenedSession(session, handle, found[0].expires), offered

    def _one_more(self) -> None:
        if not self.starts.one_more(int(self.sessions.clock.now().timestamp())):
            raise SignInRefusedError(SignInReason.BUSY)

    async def _enrolled(self, connection: Connection, number: AssistantId, kept: Kept, address: str) -> Entry:
        return Entry(
            kind=EntryKind.IDENTITY,
            act=Act.ASSISTANT_ENROL,
            outcome=Outcome.DONE,
            time_us=micros(self.sessions.clock.now()),
            professional=kept.professional,
            establishment=kept.establishment,
            software=self.software,
            vendor=await vendor_of(connection, self.software) or VendorId(0),
            network=self.network(address),
            policy=policy_digest(),
            reference=number,
        )


def _challenge() -> tuple[Challenge, bytes, bytes]:
    """A challenge and its binding, with the digests that are kept."""
    drawn, binding = secrets.token_bytes(32), secrets.token_urlsafe(32)
    return Challenge(encode_b64(drawn), binding), sha256(drawn).digest(), digest(binding)


def _code_digest(text: str) -> bytes:
    return sha256(b"tierce-assistant-code-v1" + rules.read_code(text).encode()).digest()


def _refuse(stopped: Stopped) -> None:
    if stopped is not Stopped.DONE:
        raise AssistantRefusedError(_STOPPED[stopped])


def _known(number: AssistantId) -> AssistantId:
    if number > MAX_ID:
        raise AssistantRefusedError(AssistantReason.NOT_FOUND)
    return number
