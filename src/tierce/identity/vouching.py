"""How a provider names a session, kept when it opens: it ends by it, and leads to where one leaves the provider too.

The ID token is kept for the provider alone, that knows by it whom to forget (RP-Initiated Logout). It says who
somebody is: so it is sealed to the session's handle, of which we keep a digest. A copy of the database opens none.
"""

import hmac
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tierce.identity import store
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.oidc import Claims, digest
from tierce.identity.over import Over, vouched_by
from tierce.kernel.ids import SessionId

Mark = Callable[[str], bytes]
"""What is kept of a subject: a digest; of persons, one that needs a key."""
HINT_CHARS_MAX = 4096
"""A longer ID token is not kept: no address would take it."""
_NONCE_BYTES = 12


async def keep_vouched(
    connection: store.Connection, session: SessionId, said: Claims, handle: str, mark: Mark = digest
) -> None:
    """Keep how the provider names a session, in the transaction that opens it.

    Raises:
        SignInRefusedError: the provider said meanwhile that it is over.
    """
    vouched = vouched_by(said.id_token)
    sid = None if vouched.sid is None else digest(vouched.sid)
    hint = None if said.token is None else seal_hint(said.token, handle)
    if not await store.put_vouched(connection, session, sid, mark(vouched.sub), hint):
        raise SignInRefusedError(SignInReason.TOKEN_EXPIRED)


async def end_over(connection: store.Connection, over: Over, mark: Mark = digest) -> list[SessionId] | None:
    """End what the provider says is over; None when this token served before."""
    sid = None if over.sid is None else digest(over.sid)
    return await store.end_vouched(connection, digest(over.jti), sid, None if over.sub is None else mark(over.sub))


async def take_hint(connection: store.Connection, handle: str) -> str | None:
    """The ID token by which this session was opened, told once; None when none was kept."""
    sealed = await store.take_hint(connection, digest(handle))
    return None if sealed is None else open_hint(sealed, handle)


def seal_hint(token: str, handle: str) -> bytes | None:
    """Seal an ID token to the handle of its session; None for one that is too long to be of use."""
    if len(token) > HINT_CHARS_MAX:
        return None
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _sealer(handle).encrypt(nonce, token.encode(), None)


def open_hint(sealed: bytes, handle: str) -> str | None:
    """Open what was sealed to this handle; None for anything else."""
    try:
        return _sealer(handle).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()
    except (InvalidTag, ValueError):
        return None


def _sealer(handle: str) -> AESGCM:
    return AESGCM(hmac.digest(handle.encode(), b"tierce-hint-v1", "sha256"))
