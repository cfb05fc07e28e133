"""The page of who may act, where substitutes and assistants are ended; and an assistant's own two pages.

A browser makes and uses a passkey by its own script (`static/passkey.js`), which asks here for a challenge and sends
the form with what was signed. The binding of a challenge is in the cookie of a sign-in under way.
"""

from typing import Any, Final, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.loopback import by_name
from tierce.policy.acts import Act
from tierce.policy.assistants import LAST_DAY_MAX, LAST_DAY_USUAL
from tierce.web.answers import AssistantCodeAnswer
from tierce.web.cookies import cookie_in
from tierce.web.portal.api import Signed, end_substitute_path
from tierce.web.portal.assistant_api import (
    ASSISTANTS,
    SIGN_IN,
    MadePasskey,
    SignedPasskey,
    code_path,
    end_assistant,
    end_path,
    finish_passkey,
    finish_sign_in,
    name_assistant,
    read_assistants,
    renew_code,
    start_passkey,
    start_sign_in,
)
from tierce.web.portal.entering import address_of, entered, now_of, refused_to_script, turn_of, waiting_page
from tierce.web.portal.errors import ApiRefusedError, FormRefusedError
from tierce.web.portal.question import BODY_CHARS_MAX, PROOF_CHARS_MAX, Wrong, signed_of
from tierce.web.portal.site import PENDING_SECONDS, AnyRequest, PortalSite, Visit
from tierce.web.visit import is_from_our_script

ANSWER_CHARS_MAX: Final = 12_000
_PENDING: Final = "passkey."
_FIELDS: Final = {"assistant_days": "last_day"}
Kind = TypeVar("Kind")


class Named(msgspec.Struct):
    """What was typed, and signed by the browser; a script or none."""

    family_name: str = ""
    given_name: str = ""
    last_day: str = ""


def assistant_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of a professional's assistants."""

    @get("/delegates", opt={"act": Act.ASSISTANT_READ})
    async def delegates(request: AnyRequest, ended: FromQuery[str] = "") -> Response[str]:
        """Say who may act in her name today, and who may not."""
        return await _page(site, await site.visit(request), ended=ended)

    @post("/delegates/substitutes/{number:int}/end", status_code=200, opt={"act": Act.SUBSTITUTE_END})
    async def end_substitute(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        """End a substitution."""
        held, fields = await site.form(request)
        await site.api.end_substitute(held, number, signed_of({"body": "{}", **fields}))
        return Redirect("/delegates?ended=substitute", status_code=303)

    @post("/delegates/assistants", status_code=200, opt={"act": Act.ASSISTANT_NAME})
    async def name(request: AnyRequest) -> Response[str]:
        """Name an assistant, and show her code."""
        _, fields = await site.form(request)
        visit, signed = await site.visit(request), signed_of(fields)
        typed = _typed(signed.body)
        try:
            code = await name_assistant(site.api, visit.held, signed)
        except ApiRefusedError as error:
            field = error.field or _FIELDS.get(error.code, "")
            if field not in Named.__struct_fields__:
                raise
            return await _page(site, visit, typed, Wrong(field, error.reason, error.remedy))
        return _code_page(site, visit, code, f"{typed.given_name} {typed.family_name}")

    @post("/delegates/assistants/{number:int}/code", status_code=200, opt={"act": Act.ASSISTANT_NAME})
    async def renew(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        """Show another code for an assistant."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        code = await renew_code(site.api, visit.held, str(number), signed_of({"body": "{}", **fields}))
        known = {one.number: one.name for one in await read_assistants(site.api, visit.held)}
        return _code_page(site, visit, code, known.get(str(number), ""))

    @post("/delegates/assistants/{number:int}/end", status_code=200, opt={"act": Act.ASSISTANT_END})
    async def end(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        """End an assistant."""
        held, fields = await site.form(request)
        await end_assistant(site.api, held, str(number), signed_of({"body": "{}", **fields}))
        return Redirect("/delegates?ended=assistant", status_code=303)

    return [delegates, end_substitute, name, renew, end, *_passkey_handlers(site), *_sign_in_handlers(site)]


def _passkey_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes by which an assistant makes a passkey: nobody is signed in."""

    @get("/assistant/passkey", opt={"act": Act.NONE})
    async def passkey(request: AnyRequest) -> Response[str]:
        """Ask for the code."""
        return site.pages.page("assistant_passkey.html", site.frame(request), {"kept": None}, status=200)

    @post("/assistant/passkey/start", status_code=200, opt={"act": Act.ASSISTANT_ENROL})
    async def start(request: AnyRequest) -> Response[dict[str, Any]]:
        """Answer the page's script: what to make a passkey for, or why not."""
        if not is_from_our_script(request):
            raise FormRefusedError
        try:
            begun = await start_passkey(site.api, _code_in(await request.body()), address_of(request))
        except ApiRefusedError as error:
            return refused_to_script(site, request, error)
        told = msgspec.structs.asdict(begun)
        return _with_binding(site, Response(told), told.pop("binding"))

    @post("/assistant/passkey", status_code=200, opt={"act": Act.ASSISTANT_ENROL})
    async def finish(request: AnyRequest) -> Response[str]:
        """Keep the passkey, and lead to signing in with it."""
        made, binding = await _answer(request, site, MadePasskey)
        frame = site.frame(request)
        if made is None:
            return site.pages.page("assistant_passkey.html", frame, {"kept": None}, status=400)
        kept = await finish_passkey(site.api, binding, made, address_of(request))
        response = site.pages.page("assistant_passkey.html", frame, {"kept": kept}, status=200)
        response.set_cookie(site.cookie(site.pending_cookie, "", 0))
        return response

    return [passkey, start, finish]


def _sign_in_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes by which an assistant signs in with her passkey."""

    @get("/assistant", opt={"act": Act.NONE})
    async def page(request: AnyRequest) -> Response[str]:
        """Ask for the passkey, or have whoever comes among many wait for her turn."""
        turn = turn_of(site, request)
        if not turn.come:
            return waiting_page(site, request, turn)
        site.turns.begin(turn.written, site.ticks())  # a passkey may take several tries, on one page
        return _sign_in_page(site, request, status=200)

    @post("/assistant/start", status_code=200, opt={"act": Act.ASSISTANT_SIGN_IN})
    async def start(request: AnyRequest) -> Response[dict[str, Any]]:
        """Answer the page's script: what the passkey signs."""
        if not is_from_our_script(request):
            raise FormRefusedError
        try:
            proof = request.headers.get("dpop", "")[:PROOF_CHARS_MAX]
            begun = await start_sign_in(site.api, Signed((await request.body())[:BODY_CHARS_MAX], proof or None))
        except ApiRefusedError as error:
            return refused_to_script(site, request, error)
        told = msgspec.structs.asdict(begun)
        return _with_binding(site, Response(told), told.pop("binding"))

    @post("/assistant", status_code=200, opt={"act": Act.ASSISTANT_SIGN_IN})
    async def finish(request: AnyRequest) -> Response[str]:
        """Open the session of this browser, and lead to the choice of the activity."""
        signed, binding = await _answer(request, site, SignedPasskey)
        if signed is None:
            return _sign_in_page(site, request, status=400)
        opened = await finish_sign_in(site.api, binding, signed, address_of(request))
        return entered(site, opened)

    return [page, start, finish]


def _sign_in_page(site: PortalSite, request: AnyRequest, *, status: int) -> Response[str]:
    values = {"start_url": site.act_url(SIGN_IN), "now": now_of(site)}
    return site.pages.page("assistant_sign_in.html", site.frame(request), values, status=status)


def _typed(body: bytes) -> Named:
    """What was typed; nothing of a body that no browser of ours signed."""
    try:
        return msgspec.json.decode(body, type=Named)
    except msgspec.DecodeError:
        return Named()


class _Code(msgspec.Struct):
    code: str = ""


def _code_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Code).code[:40] or "?"
    except msgspec.DecodeError:
        return "?"


def _with_binding(site: PortalSite, response: Response[dict[str, Any]], binding: object) -> Response[dict[str, Any]]:
    response.set_cookie(site.cookie(site.pending_cookie, f"{_PENDING}{binding}", PENDING_SECONDS))
    return response


async def _answer(request: AnyRequest, site: PortalSite, kind: type[Kind]) -> tuple[Kind | None, str]:
    """What the page's script sent, and the binding of this browser; None where it is neither of ours."""
    prefix, _, binding = cookie_in(request, site.pending_cookie).partition(".")
    text = str((await request.form()).get("answer", ""))
    if prefix + "." != _PENDING or not binding or len(text) > ANSWER_CHARS_MAX:
        return None, ""
    try:
        return msgspec.json.decode(text, type=kind), binding
    except msgspec.DecodeError:
        return None, ""


def _code_page(site: PortalSite, visit: Visit, code: AssistantCodeAnswer, name: str) -> Response[str]:
    address = by_name(site.settings.url).rstrip("/") + "/assistant/passkey"
    values = {"code": code, "name": name.strip(), "address": address}
    return site.page(visit, "assistant_code.html", values)


async def _page(
    site: PortalSite, visit: Visit, typed: Named | None = None, wrong: Wrong | None = None, *, ended: str = ""
) -> Response[str]:
    errors = {wrong.field: wrong.text(visit.frame.language)} if wrong else {}
    devices = (await site.api.devices(visit.held)).devices
    substitutes, assistants = await site.api.substitutes(visit.held), await read_assistants(site.api, visit.held)
    today = paris_day(site.clock.now())
    values = {
        "sessions": sum(one.sessions for one in devices),
        "keys": sum(1 for one in devices if one.signs),
        "substitutes": substitutes,
        "substitute_urls": {one.number: site.act_url(end_substitute_path(one.number)) for one in substitutes},
        "assistants": assistants,
        "typed": typed or Named(last_day=date_of(today + LAST_DAY_USUAL).isoformat()),
        "first": date_of(today).isoformat(),
        "latest": date_of(today + LAST_DAY_MAX).isoformat(),
        "name_url": site.act_url(ASSISTANTS),
        "urls": {
            one.number: (site.act_url(code_path(one.number)), site.act_url(end_path(one.number)))
            for one in assistants
        },
        "ended": ended,
        "errors": errors,
        "error_list": list(errors.items()),
    }
    return site.page(visit, "delegates.html", values, status=422 if wrong else 200)
