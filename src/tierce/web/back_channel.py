"""The provider of a site tells that a session is over, behind every browser: OpenID Connect Back-Channel Logout 1.0.

Whoever reaches the address may send anything: a token serves by the provider's signature alone. The answers are those
of the specification's §2.8, and say nothing of whether a session was there.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import MediaType, Response

from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.oidc import ProviderClient
from tierce.identity.over import Over
from tierce.web.visit import AnyRequest

BACK_CHANNEL = "/back-channel-logout"
TOKEN_CHARS_MAX = 8_192
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def told_over(
    request: AnyRequest, provider: ProviderClient, end: Callable[[Over], Awaitable[bool]]
) -> Response[Any]:
    """Answer a logout token: 200 once what it names is over here, 400 for whatever else comes."""
    try:
        over = await provider.read_over(await _token(request))
        if not await end(over):
            raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
    except SignInRefusedError:
        refusal = b'{"error":"invalid_request"}'
        return Response(refusal, status_code=400, media_type=MediaType.JSON, headers=_NO_STORE)
    return Response(b"", status_code=200, media_type=MediaType.TEXT, headers=_NO_STORE)


async def _token(request: AnyRequest) -> str:
    """The one token of the form; given twice, nobody knows which was meant."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    form = (await request.form()).multi_items() if kind == "application/x-www-form-urlencoded" else []
    values = [value for name, value in form if name == "logout_token"]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    if len(flat) != 1 or not isinstance(flat[0], str) or not 0 < len(flat[0]) <= TOKEN_CHARS_MAX:
        raise SignInRefusedError(SignInReason.TOKEN_REFUSED)
    return flat[0]
