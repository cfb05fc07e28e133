"""The ticket beside the session's handle: given as it opens for the browser's key, and renewed by what that signs.

Without it the API tells a handle nothing (docs/adr/0131). The page that stands for one asked for too late tells of
nobody; what the scripts of the look ask for (ticket.js) is relayed as the browser signed it.
"""

from typing import Any, Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from tierce.identity.dpop import digest_of
from tierce.identity.sites.model import Held
from tierce.policy.acts import Act
from tierce.web.portal.api import Api, Signed, Started, decode
from tierce.web.portal.errors import ApiRefusedError, ApiUnreachableError, PortalError
from tierce.web.portal.question import PROOF_CHARS_MAX
from tierce.web.portal.site import WHOLE, AnyRequest, PortalSite

START: Final = "/v1/sign-in/start"
ACTIVITY: Final = "/v1/session/activity"
LAPSED: Final = "ticket_lapsed"
"""The API's word for a handle that no ticket goes with."""


class _Ticket(msgspec.Struct):
    ticket: str | None


class _Challenge(msgspec.Struct):
    challenge: str
    url: str
    now: int


async def start_sign_in(api: Api, signed: Signed) -> Started:
    """Begin a sign-in, for the browser whose key signed this, or for one without a key."""
    return decode(await api.relay(START, None, signed), Started)


async def choose_activity(api: Api, held: Held, signed: Signed) -> str | None:
    """Choose the activity; another ticket, None where the session has no key."""
    return decode(await api.relay(ACTIVITY, held, signed), _Ticket).ticket


def ticket_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes by which an open page has its ticket replaced."""

    @post("/session/challenge", status_code=200, opt={"act": Act.SESSION_READ})
    async def challenge(request: AnyRequest) -> Response[Any]:
        """Relay what the session's browser is to sign."""
        try:
            held = site.handed_over(request)
            drawn = decode(await site.api.relay("/v1/session/challenge", held, Signed(b"{}", None)), _Challenge)
        except PortalError as error:
            return _refused(error)
        return Response({**msgspec.to_builtins(drawn), "ath": digest_of(held.handle.encode())})

    @post("/session/renew", status_code=200, opt={"act": Act.SESSION_READ})
    async def renew(request: AnyRequest) -> Response[Any]:
        """Relay what it signed, and keep the ticket that this gives."""
        try:
            held, proof = site.handed_over(request), request.headers.get("dpop", "")[:PROOF_CHARS_MAX]
            given = await site.api.relay("/v1/session/renew", held, Signed(await request.body(), proof or None))
        except PortalError as error:
            return _refused(error)
        response: Response[Any] = Response({})
        keep_ticket(site, response, decode(given, _Ticket).ticket)
        return response

    return [challenge, renew]


def keep_ticket(site: PortalSite, response: Response[Any], ticket: str | None) -> None:
    """Have the browser keep a ticket, for as long as it serves."""
    if ticket is not None:
        response.set_cookie(site.cookie_ticket(ticket))


def lapsed_page(site: PortalSite, request: AnyRequest) -> Response[str]:
    """The page that has the browser sign, and then asks again for the very same; a form is in it whole."""
    asked = "form" if request.method == "POST" else "page"
    whole = request.state.get(WHOLE)
    values = {
        "whole": whole, "asked": asked, "back": "/", "sign_in": "/sign-in", "keyless_too": True,
        "late": () if asked == "form" else None,
    }  # fmt: skip
    return site.pages.page("renewing.html", site.frame(request), values, status=401)


def _refused(error: PortalError) -> Response[Any]:
    """A refusal, to the script of a page: its status says whether another challenge may be signed."""
    if isinstance(error, ApiRefusedError):
        # A signature that does not fit is no end of the session, though the API answers both alike.
        return Response({"code": error.code}, status_code=400 if error.code.startswith("proof_") else error.status)
    return Response({"code": "away"}, status_code=503 if isinstance(error, ApiUnreachableError) else 401)
