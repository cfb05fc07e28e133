"""A new device asks for a code; an older one of the same professional, on the same network, says that it is hers.

The new device then draws on the old one's line of places, and opens none: nothing is added for anybody, so whoever
talked a professional into typing a code has what she has, and no more (docs/adr/0035).
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from tierce.identity.continuing import store
from tierce.identity.errors import ContinuingReason, ContinuingRefusedError
from tierce.identity.service import Received, Sessions
from tierce.kernel.ids import MAX_ID, DeviceId, SessionId
from tierce.policy.acts import Act

CODE_DIGITS: Final = 8
CODE_LASTS: Final = timedelta(minutes=10)
"""The same as in `access.leave_code` and its neighbours."""
_STOPPED: Final = {
    1: ContinuingReason.CODE,
    2: ContinuingReason.OLD_IS_NEW,
    3: ContinuingReason.NETWORK,
    4: ContinuingReason.TOO_MANY,
    5: ContinuingReason.HELD,
}


class Code(NamedTuple):
    """What the new device shows."""

    digits: str
    ends: datetime


class Continuing:
    """Acts of one professional on two of her own devices, over the sessions of a process."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the sessions' own connections, clock and journal."""
        self._sessions = sessions

    async def ask(self, handle: str, request: Received) -> Code:
        """Ask, on a new device, for a code to type on an older one; it takes the place of the one before.

        Raises:
            ContinuingRefusedError: this device is not new.
            SessionRefusedError, ProofRefusedError.
        """
        digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        async with self._sessions.signed(handle, request) as (connection, state):
            if not await store.leave_code(connection, state.id, _digest(state.id, digits)):
                raise ContinuingRefusedError(ContinuingReason.NOT_NEW)
            await self._sessions.note(connection, state, Act.DEVICE_CODE)
        return Code(digits, self._sessions.clock.now() + CODE_LASTS)

    async def confirm(self, handle: str, request: Received, typed: str) -> DeviceId:
        """Say, on an older device, that the device which shows this code is one's own; returns that device.

        Raises:
            ContinuingRefusedError: no such code of one's own waits, this device is new itself, the two signed in from
                two networks, four devices share the line already, or something stands on one of them.
            SessionRefusedError, ProofRefusedError.
        """
        digits = "".join(each for each in typed if each.isdecimal())
        async with self._sessions.signed(handle, request) as (connection, state):
            if not self._sessions.knows_network(state):
                raise ContinuingRefusedError(ContinuingReason.NETWORK)
            waiting = await store.codes_waiting(connection, state.id)
            named = [of for code, of in waiting.items() if secrets.compare_digest(code, _digest(of, digits))]
            if not named:
                raise ContinuingRefusedError(ContinuingReason.CODE)
            done = await store.continue_line(connection, state.id, named[0])
            if done.stopped:
                raise ContinuingRefusedError(_STOPPED[done.stopped])
            await self._sessions.note(connection, state, Act.DEVICE_CONTINUE, done.device)
        return done.device

    async def separate(self, handle: str, request: Received, device: DeviceId) -> None:
        """Take one of one's own devices off the line that it shares: its sessions end, and it is new again.

        Raises:
            ContinuingRefusedError: it shares no line of one's own.
            SessionRefusedError, ProofRefusedError.
        """
        async with self._sessions.signed(handle, request) as (connection, state):
            if device > MAX_ID or not await store.separate(connection, state.id, device):
                raise ContinuingRefusedError(ContinuingReason.NOT_YOURS)
            await self._sessions.note(connection, state, Act.DEVICE_SEPARATE, device)


def _digest(session: SessionId, digits: str) -> bytes:
    return sha256(f"{session}:{digits}".encode()).digest()
