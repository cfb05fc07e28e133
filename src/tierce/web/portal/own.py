"""Where one is signed in, on which devices, who may act in one's place, and help. Nobody covered appears here."""

from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.policy.acts import Act
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import Wrong
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

TOPICS: Final = ("card", "not_shown", "places", "device", "lost", "phone", "stolen")
"""What the help page answers, in the order in which a counter meets it."""
NAME_CHARS_MAX: Final = 80


def session_list_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one's own sessions and devices."""

    @get("/sessions", opt={"act": Act.SESSION_READ})
    async def sessions(request: AnyRequest, ended: FromQuery[str] = "") -> Response[str]:
        """List where the professional is signed in, and her devices."""
        visit = await site.visit(request)
        number = int(ended) if ended.isdecimal() and len(ended) < 4 else None
        return await _sessions_page(site, visit, number)

    @post("/sessions/{session:str}/revoke", status_code=200, opt={"act": Act.SESSION_REVOKE})
    async def revoke(request: AnyRequest, session: FromPath[str]) -> Response[str]:
        """End one session: its next request is refused."""
        handle, _ = await site.form(request)
        await site.api.revoke(handle, session)
        return Redirect("/sessions?ended=1", status_code=303)

    @post("/sessions/revoke-others", status_code=200, opt={"act": Act.SESSION_REVOKE})
    async def revoke_others(request: AnyRequest) -> Response[str]:
        """End every session but this one."""
        handle, _ = await site.form(request)
        return Redirect(f"/sessions?ended={await site.api.revoke_others(handle)}", status_code=303)

    @post("/devices/{device:str}/name", status_code=200, opt={"act": Act.DEVICE_NAME})
    async def name(request: AnyRequest, device: FromPath[str]) -> Response[str]:
        """Name a device."""
        handle, fields = await site.form(request)
        typed = fields.get(f"name-{device}", "")[:NAME_CHARS_MAX]
        try:
            await site.api.name_device(handle, device, typed)
        except ApiRefusedError as error:
            if error.field != "name":
                raise
            visit = await site.visit(request)
            return await _sessions_page(site, visit, None, Wrong(f"name-{device}", error.reason, error.remedy))
        return Redirect("/sessions", status_code=303)

    return [sessions, revoke, revoke_others, name]


async def _sessions_page(
    site: PortalSite, visit: Visit, ended: int | None, wrong: Wrong | None = None
) -> Response[str]:
    errors = {wrong.field: wrong.text(visit.frame.language)} if wrong else {}
    values = {
        "rows": await site.api.sessions(visit.handle),
        "devices": await site.api.devices(visit.handle),
        "ended": ended,
        "errors": errors,
        "error_list": list(errors.items()),
    }
    return site.page(visit, "sessions.html", values, status=422 if wrong else 200)


def about_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of who may act for her, and of help."""

    @get("/delegates", opt={"act": Act.SESSION_READ})
    async def delegates(request: AnyRequest) -> Response[str]:
        """Say who may act in her name today, and who may not."""
        visit = await site.visit(request)
        devices = await site.api.devices(visit.handle)
        values = {
            "sessions": sum(one.sessions for one in devices),
            "keys": sum(1 for one in devices if one.signs),
            "substitutes": await site.api.substitutes(visit.handle),
        }
        return site.page(visit, "delegates.html", values)

    @get("/help", opt={"act": Act.NONE})
    async def help_(request: AnyRequest) -> Response[str]:
        """Answer what a counter asks."""
        visit = await site.visit(request)
        return site.page(visit, "help.html", {"topics": TOPICS})

    return [delegates, help_]
