"""From a session's handle to the Caller, remembered for a minute by the handle's digest.

Remembering is safe because the gate reads the session's row in the transaction of every ask: a session ended a
moment ago is refused there, whatever is remembered here.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import sha256
from time import monotonic

from tierce.identity.dpop import digest_of
from tierce.identity.errors import ProofReason, ProofRefusedError, SessionReason, SessionRefusedError
from tierce.identity.model import Caller
from tierce.identity.service import Sessions, caller_of

REMEMBER_SECONDS = 60.0
REMEMBERED_MAX = 50_000
_SCHEME = b"DPoP "


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


class Callers:
    """The callers of one process, by digest of their handle."""

    def __init__(self, sessions: Sessions) -> None:
        """Read sessions through `sessions`."""
        self._sessions = sessions
        self._known: OrderedDict[bytes, tuple[float, Bound]] = OrderedDict()

    async def find(self, authorization: bytes | None, *, fresh: bool = False) -> Bound:
        """Return the caller of `Authorization: DPoP <handle>`, or raise SessionRefusedError.

        What answers without asking the gate passes `fresh`: only the gate reads the session again by itself.
        """
        if authorization is None or not authorization.startswith(_SCHEME):
            raise SessionRefusedError(SessionReason.UNKNOWN)
        handle = authorization[len(_SCHEME) :]
        digest = sha256(handle).digest()
        now = monotonic()
        known = self._known.get(digest)
        if not fresh and known is not None and known[0] > now:
            return known[1]
        state = await self._sessions.read(handle.decode("ascii", "replace"))
        caller = caller_of(state, signed=state.signs)
        bound = Bound(caller, digest_of(handle), state.thumbprint if state.signs else None)
        self._known[digest] = (now + REMEMBER_SECONDS, bound)
        self._known.move_to_end(digest)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return bound

    def knows(self, digest: bytes) -> bool:
        """Whether this process has seen a session alive, by the SHA-256 of its handle; it may have ended since."""
        return digest in self._known

    def forget(self, authorization: bytes | None) -> None:
        """Read the session again at its next ask."""
        if authorization is not None:
            self._known.pop(sha256(authorization[len(_SCHEME) :]).digest(), None)
