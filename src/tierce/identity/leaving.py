"""Leaving the provider of a session that has ended here: OpenID Connect RP-Initiated Logout 1.0.

Our session ends first, whatever the provider does. Then its browser goes to the provider's own page: the next person
at a shared computer would else be let in again by one click, as whoever left.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tierce.identity.errors import SignInRefusedError
from tierce.identity.service import SignInDoor
from tierce.identity.vouching import take_hint


@dataclass(frozen=True, slots=True, repr=False)
class Leaving:
    """Where to send the browser, and the state with which it comes back."""

    url: str
    state: str


async def leave(door: SignInDoor, handle: str) -> Leaving | None:
    """Where the browser of a session that has just ended leaves its provider.

    None when the provider has no such address, or does not answer: the session is over here all the same.
    """
    async with door.pool.connection() as connection:
        hint = await take_hint(connection, handle)
    try:
        endpoint = await door.provider.end_session_endpoint()
    except SignInRefusedError:
        return None
    if endpoint is None:
        return None
    settings, state = door.provider.settings, secrets.token_urlsafe(32)
    asked = {
        "client_id": settings.client_id,
        "post_logout_redirect_uri": settings.signed_out_uri,
        "state": state,
    } | ({} if hint is None else {"id_token_hint": hint})
    return Leaving(f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}", state)
