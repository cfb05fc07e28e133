"""The short code of the caller's own place, which she gives to whoever shows a dynamic card."""

import msgspec
from litestar import Response, get

from tierce.policy.acts import Act
from tierce.presence.rules import spaced
from tierce.web.api.signin import AnyRequest

PLACE_KEY = "place"


class PlaceAnswer(msgspec.Struct):
    """Eight digits in two groups; null where no proof of presence is accepted."""

    code: str | None


@get("/v1/place", opt={"act": Act.SESSION_READ})
async def place(request: AnyRequest) -> Response[PlaceAnswer]:
    """The code of the session's establishment; the same for every session there, and printable."""
    proofs, callers = request.app.state[PLACE_KEY]
    bound = await callers.find(request.headers.get("authorization", "").encode(), fresh=True)
    code = None if proofs is None else spaced(await proofs.code_of(bound.caller.establishment))
    return Response(PlaceAnswer(code), headers={"Cache-Control": "no-store"})
