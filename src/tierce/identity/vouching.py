"""How a provider names a session, kept when it opens, and ended by when the provider says that it is over."""

from collections.abc import Callable

from tierce.identity import store
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.oidc import digest
from tierce.identity.over import Over, Vouched
from tierce.kernel.ids import SessionId

Mark = Callable[[str], bytes]
"""What is kept of a subject: a digest; of persons, one that needs a key."""


async def keep_vouched(
    connection: store.Connection, session: SessionId, vouched: Vouched, mark: Mark = digest
) -> None:
    """Keep how the provider names a session, in the transaction that opens it.

    Raises:
        SignInRefusedError: the provider said meanwhile that it is over.
    """
    sid = None if vouched.sid is None else digest(vouched.sid)
    if not await store.put_vouched(connection, session, sid, mark(vouched.sub)):
        raise SignInRefusedError(SignInReason.TOKEN_EXPIRED)


async def end_over(connection: store.Connection, over: Over, mark: Mark = digest) -> list[SessionId] | None:
    """End what the provider says is over; None when this token served before."""
    sid = None if over.sid is None else digest(over.sid)
    return await store.end_vouched(connection, digest(over.jti), sid, None if over.sub is None else mark(over.sub))
