"""Where one is signed in, on which devices, and help. Nobody covered appears here."""

from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.kernel.digits import number_in
from tierce.policy.acts import Act
from tierce.web.answers import CodeAnswer
from tierce.web.portal.api import DEVICE_CODE, DEVICE_CONFIRM, Signed, separate_path
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import Wrong, signed_of
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

TOPICS: Final = ("card", "not_shown", "places", "device", "lost", "phone", "stolen")
"""What the help page answers, in the order in which a counter meets it."""
NAME_CHARS_MAX: Final = 80


def session_list_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one's own sessions and devices."""

    @get("/sessions", opt={"act": Act.SESSION_READ})
    async def sessions(
        request: AnyRequest, ended: FromQuery[str] = "", confirmed: FromQuery[str] = ""
    ) -> Response[str]:
        """List where the professional is signed in, and her devices."""
        visit = await site.visit(request)
        number = number_in(ended, 3)
        return await _sessions_page(site, visit, number, confirmed=confirmed == "1")

    @post("/sessions/{session:str}/revoke", status_code=200, opt={"act": Act.SESSION_REVOKE})
    async def revoke(request: AnyRequest, session: FromPath[str]) -> Response[str]:
        """End one session: its next request is refused."""
        held, _ = await site.form(request)
        await site.api.revoke(held, session)
        return Redirect("/sessions?ended=1", status_code=303)

    @post("/sessions/revoke-others", status_code=200, opt={"act": Act.SESSION_REVOKE})
    async def revoke_others(request: AnyRequest) -> Response[str]:
        """End every session but this one."""
        held, _ = await site.form(request)
        return Redirect(f"/sessions?ended={await site.api.revoke_others(held)}", status_code=303)

    @post("/devices/{device:str}/name", status_code=200, opt={"act": Act.DEVICE_NAME})
    async def name(request: AnyRequest, device: FromPath[str]) -> Response[str]:
        """Name a device."""
        held, fields = await site.form(request)
        typed = fields.get(f"name-{device}", "")[:NAME_CHARS_MAX]
        try:
            await site.api.name_device(held, device, typed)
        except ApiRefusedError as error:
            if error.field != "name":
                raise
            visit = await site.visit(request)
            return await _sessions_page(site, visit, None, Wrong(f"name-{device}", error.reason, error.remedy))
        return Redirect("/sessions", status_code=303)

    return [sessions, revoke, revoke_others, name, *_continuing_handlers(site)]


def _continuing_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes by which a new device shares the places of an older one."""

    @post("/devices/code", status_code=200, opt={"act": Act.DEVICE_CODE})
    async def code(request: AnyRequest) -> Response[str]:
        """Show, on a new device, the code to type on an older one."""
        visit, signed = await _signed(request)
        return await _sessions_page(site, visit, None, code=await site.api.device_code(visit.held, signed))

    @post("/devices/confirm", status_code=200, opt={"act": Act.DEVICE_CONTINUE})
    async def confirm(request: AnyRequest) -> Response[str]:
        """Say, on an older device, that the one which shows this code is one's own."""
        visit, signed = await _signed(request)
        try:
            await site.api.confirm_device(visit.held, signed)
        except ApiRefusedError as error:
            if not error.code.startswith("device_"):
                raise
            return await _sessions_page(site, visit, None, Wrong("code", error.reason, error.remedy))
        return Redirect("/sessions?confirmed=1", status_code=303)

    @post("/devices/{device:str}/separate", status_code=200, opt={"act": Act.DEVICE_SEPARATE})
    async def separate(request: AnyRequest, device: FromPath[str]) -> Response[str]:
        """Take a device off the places that it shares."""
        visit, signed = await _signed(request)
        await site.api.separate_device(visit.held, device, signed)
        return Redirect("/sessions", status_code=303)

    async def _signed(request: AnyRequest) -> tuple[Visit, Signed]:
        _, fields = await site.form(request)
        visit = await site.visit(request)
        return visit, signed_of({"body": "{}", **fields})

    return [code, confirm, separate]


async def _sessions_page(
    site: PortalSite,
    visit: Visit,
    ended: int | None,
    wrong: Wrong | None = None,
    *,
    confirmed: bool = False,
    code: CodeAnswer | None = None,
) -> Response[str]:
    errors = {wrong.field: wrong.text(visit.frame.language)} if wrong else {}
    found = await site.api.devices(visit.held)
    devices = found.devices
    here = next((one for one in devices if one.current), None)
    values = {
        "rows": await site.api.sessions(visit.held),
        "devices": devices,
        "other_key_at": found.other_key_at,
        "here": here,
        "code": code,
        "confirmed": confirmed,
        "code_url": site.act_url(DEVICE_CODE),
        "confirm_url": site.act_url(DEVICE_CONFIRM),
        "separate_urls": {one.id: site.act_url(separate_path(one.id)) for one in devices if one.continues},
        "ended": ended,
        "errors": errors,
        "error_list": list(errors.items()),
    }
    return site.page(visit, "sessions.html", values, status=422 if wrong else 200)


def about_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the route of help."""

    @get("/help", opt={"act": Act.NONE})
    async def help_(request: AnyRequest) -> Response[str]:
        """Answer what a counter asks."""
        visit = await site.visit(request)
        return site.page(visit, "help.html", {"topics": TOPICS})

    return [help_]
