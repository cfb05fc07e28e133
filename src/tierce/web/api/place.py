"""The short code of the caller's own place, which she gives to whoever shows a dynamic card."""

from litestar import Response, get

from tierce.policy.acts import Act
from tierce.presence.rules import spaced
from tierce.web.answers import PlaceAnswer
from tierce.web.api.signin import AnyRequest

PLACE_KEY = "place"


@get("/v1/place", opt={"act": Act.SESSION_READ})
async def place(request: AnyRequest) -> Response[PlaceAnswer]:
    """The code of the session's establishment; the same for every session there, and printable."""
    proofs, callers = request.app.state[PLACE_KEY]
    bound = await callers.find(request.headers.get("authorization", "").encode(), fresh=True)
    code = None if proofs is None else spaced(await proofs.code_of(bound.caller.establishment))
    return Response(PlaceAnswer(code), headers={"Cache-Control": "no-store"})
