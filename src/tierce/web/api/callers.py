"""From a session's handle to the Caller, remembered by the handle's digest until the session ends.

Remembering is safe because the gate reads the session's row in the transaction of every ask: a session ended a
moment ago is refused there, whatever is remembered here. What a session is bound to never changes.

Every process learns the sessions that serve, when it starts and now and then, before their asks or deposits come.
Those it must still read are read many in one statement: whoever comes while one runs waits for the next.
Using a session pushes its end away. The ends of those used are written a moment later, many in one statement, once a
minute for each; a session that the statement no longer finds alive is forgotten.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice

from tierce.identity.dpop import encode_b64
from tierce.identity.errors import ProofReason, ProofRefusedError, SessionReason, SessionRefusedError
from tierce.identity.model import Caller, SessionState, caller_of
from tierce.identity.reading.service import PAGE
from tierce.identity.rules import PROFESSIONAL_LIFETIME
from tierce.identity.service import SLIDE_AFTER, Sessions
from tierce.kernel.clock import Clock
from tierce.kernel.ids import SessionId

REMEMBERED_MAX = 50_000
READ_MAX = 64
"""Sessions read in one statement."""
LEARN_BACK = timedelta(minutes=5)
"""How long a professional may take between sign-in and choice of a place, and still be learned before she asks."""
SLIDE_SECONDS = 0.5
"""Between two statements that push ends away."""
TICKET = "tierce-ticket"
"""The header with the ticket that goes beside a handle (identity/sites/service.py)."""
_SCHEME = b"dpop "
_log = logging.getLogger(__name__)


def handle_in(authorization: bytes | None) -> bytes | None:
    """The handle of `Authorization: DPoP <handle>`, in whatever case the scheme is (RFC 9110, 11.1); None without."""
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        return None
    return authorization[len(_SCHEME) :]


@dataclass(frozen=True, slots=True)
class Bound:
    """A caller with what her proofs must fit; `thumbprint` is None for a session that holds no key."""

    caller: Caller
    ath: str
    thumbprint: bytes | None

    def unsigned(self) -> "Bound":
        """The caller of an ask without proof: only a session that never had a key may send one.

        A cookie stolen from a browser that has a key therefore opens nothing.
        """
        if self.thumbprint is not None:
            raise ProofRefusedError(ProofReason.MISSING)
        return replace(self, caller=replace(self.caller, assurance=replace(self.caller.assurance, signed=False)))


@dataclass(slots=True)
class _Known:
    bound: Bound
    state: SessionState
    ends: datetime
    slide_at: datetime


class Callers:
    """The callers of one process, by digest of their handle."""

    def __init__(self, sessions: Sessions, clock: Clock, most: int = REMEMBERED_MAX) -> None:
        """Read sessions through `sessions`, and remember `most` at once."""
        self._sessions = sessions
        self._most = most
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._learned = clock.now() - PROFESSIONAL_LIFETIME.total
        self._used: dict[SessionId, tuple[bytes, datetime]] = {}
        self._sliding: asyncio.Task[None] | None = None
        self._wanted: dict[str, asyncio.Future[SessionState | SessionReason | Exception]] = {}
        self._reading: asyncio.Task[None] | None = None

    def remembered(self, authorization: bytes | None) -> Bound | None:
        """Return the caller of `Authorization: DPoP <handle>` if she is remembered; None says to `find` her."""
        handle = handle_in(authorization)
        if handle is None:
            return None
        digest = sha256(handle).digest()
        known = self._known.get(digest)
        if known is None:
            return None
        now = self._clock.now()
        if now >= known.ends:
            return None
        self._known.move_to_end(digest)
        if now >= known.slide_at:
            self._use(digest, known, now)
        return known.bound

    async def find(self, authorization: bytes | None, *, fresh: bool = False) -> Bound:
        """Return the caller of `Authorization: DPoP <handle>`, or raise SessionRefusedError.

        What answers without asking the gate passes `fresh`: only the gate reads the session again by itself.
        """
        handle = handle_in(authorization)
        if handle is None:
            raise SessionRefusedError(SessionReason.UNKNOWN)
        bound = None if fresh else self.remembered(authorization)
        if bound is not None:
            return bound
        digest = sha256(handle).digest()
        now = self._clock.now()
        self._known.pop(digest, None)
        known = self._remember(digest, await self._read(handle.decode("ascii", "replace")))
        if now >= known.slide_at:
            self._use(digest, known, now)
        return known.bound

    async def learn(self) -> None:
        """Remember every session that serves: all of them the first time, then those opened since."""
        began = self._clock.now()
        place = (self._learned, SessionId(0))
        reader = self._sessions.reader
        while page := await reader.live(place):
            place = page[-1][1]
            unknown = [digest for digest, _place in page if digest not in self._known]
            for first in range(0, len(unknown), PAGE):
                for digest, state in (await reader.of(unknown[first : first + PAGE])).items():
                    self._remember(digest, state)
        self._learned = began - LEARN_BACK

    def seen(self) -> list[bytes]:
        """The digests of handles whose sessions may be alive: of those remembered, all but the too old."""
        young = self._clock.now() - PROFESSIONAL_LIFETIME.total
        return [digest for digest, known in self._known.items() if known.state.created > young]

    def _remember(self, digest: bytes, state: SessionState) -> _Known:
        bound = Bound(
            caller_of(state, signed=state.signs), encode_b64(digest), state.thumbprint if state.signs else None
        )
        known = self._known[digest] = _Known(bound, state, state.expires, state.used + SLIDE_AFTER)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return known

    async def _read(self, handle: str) -> SessionState:
        wanted = self._wanted.get(handle)
        if wanted is None:
            wanted = self._wanted[handle] = asyncio.get_running_loop().create_future()
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_wanted())
        found = await asyncio.shield(wanted)
        if isinstance(found, SessionReason):
            raise SessionRefusedError(found)
        if isinstance(found, Exception):
            raise found
        return found

    async def _read_wanted(self) -> None:
        """Read what is wanted, many at once, until nothing is; what fails is told to those who waited for it."""
        while self._wanted:
            batch = dict(islice(self._wanted.items(), READ_MAX))
            for handle in batch:
                del self._wanted[handle]  # whoever wants it from now on is told of a later reading
            found: Mapping[str, SessionState | SessionReason | Exception]
            try:
                found = await self._sessions.reader.read(list(batch))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who wait, not this task's
                found = dict.fromkeys(batch, error)
            for handle, future in batch.items():
                future.set_result(found[handle])

    def knows(self, digest: bytes) -> bool:
        """Whether this process has seen a session alive, by the SHA-256 of its handle; it may have ended since."""
        return digest in self._known

    def _use(self, digest: bytes, known: _Known, now: datetime) -> None:
        known.ends, known.slide_at = self._sessions.reader.end_of(known.state), now + SLIDE_AFTER
        self._used[known.state.id] = (digest, known.ends)
        if self._sliding is None or self._sliding.done():
            self._sliding = asyncio.create_task(self._slide())

    async def _slide(self) -> None:
        """Write the ends of the sessions used meanwhile, until there is none; whatever fails, they are read again."""
        while self._used:
            await asyncio.sleep(SLIDE_SECONDS)
            used, self._used = self._used, {}
            live: set[SessionId] = set()
            try:
                live = await self._sessions.reader.slide({session: ends for session, (_, ends) in used.items()})
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is remembered on its account
                _log.error("the ends of sessions could not be written: %s", type(error).__name__)
            for session, (digest, _) in used.items():
                if session not in live:
                    self._known.pop(digest, None)
