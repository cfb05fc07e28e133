"""Why a proof is asked for, what to do, and the appeal of whoever is held. Nobody covered appears here."""

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from tierce.policy.acts import Act
from tierce.web.portal.api import APPEAL, Signed
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import signed_of
from tierce.web.portal.site import TYPED, AnyRequest, PortalSite, Visit

SAID_MAX = 1_000


class _Appeal(msgspec.Struct):
    """The body of an appeal, as the browser signs it; unsigned where the session has no key."""

    hold: str
    said: str


def holding_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one's own holds."""

    @get("/held", opt={"act": Act.HOLDS_READ})
    async def held(request: AnyRequest) -> Response[str]:
        """Say why a proof is asked for."""
        return await _page(site, await site.visit(request))

    @post("/held", status_code=200, opt={"act": Act.APPEAL_MAKE})
    async def appeal(request: AnyRequest) -> Response[str]:
        """Send an appeal."""
        held, fields = await site.form(request)
        signed = signed_of(fields)
        if not signed.body:
            plain = _Appeal(fields.get("hold", ""), fields.get("said", "")[:SAID_MAX])
            signed = Signed(msgspec.json.encode(plain), None)
        try:
            await site.api.appeal(held, signed)
        except ApiRefusedError as error:
            if error.ends_session:
                request.state[TYPED] = _said(signed.body)
            if error.field != "said":
                raise
            return await _page(site, await site.visit(request), _said(signed.body), error)
        return Redirect("/held", status_code=303)

    return [held, appeal]


def _said(body: bytes) -> str:
    """The text of an appeal; none of a body that no browser of ours signed."""
    try:
        return msgspec.json.decode(body, type=_Appeal).said
    except msgspec.DecodeError:
        return ""


async def _page(
    site: PortalSite, visit: Visit, said: str = "", error: ApiRefusedError | None = None
) -> Response[str]:
    now, language = site.clock.now(), visit.frame.language
    holds = await site.api.holds(visit.held)
    live = [one for one in holds if not one.lifted and one.until > now]
    text = f"{error.reason[language]} : {error.remedy[language]}" if error else ""
    values = {
        "live": live,
        "past": [one for one in holds if one not in live],
        "said": said,
        "appeal_url": site.act_url(APPEAL),
        "fault": text[:1].upper() + text[1:],
    }
    return site.page(visit, "held.html", values, status=422 if error else 200)
