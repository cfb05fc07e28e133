"""Signing in with the browser's key, choosing the activity, signing out."""

import hmac
import math
from datetime import timedelta
from typing import Any, TypeVar

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from litestar.response import Redirect

from tierce.kernel.digits import number_in
from tierce.kernel.network import address_prefix
from tierce.policy.acts import Act
from tierce.policy.returning import TURN_FOR
from tierce.policy.seats import PROBATION_DAYS
from tierce.web.answers import AssistantLine, LeaveAnswer
from tierce.web.cookies import cookie_in
from tierce.web.leaving import SIGNED_OUT, Left, lead_on, left, signed_out
from tierce.web.look.formats import say_time
from tierce.web.portal.api import Opened, Signed, Started
from tierce.web.portal.assistant_api import read_assistants
from tierce.web.portal.errors import ApiRefusedError, FormRefusedError, NotSignedInError
from tierce.web.portal.question import BODY_CHARS_MAX, PROOF_CHARS_MAX
from tierce.web.portal.renewing import ACTIVITY, START, choose_activity, keep_ticket, start_sign_in
from tierce.web.portal.site import (
    PENDING_SECONDS,
    TYPED,
    AnyRequest,
    PortalSite,
    Visit,
    write_pending,
)
from tierce.web.portal.turns import Turn
from tierce.web.visit import ONCE, is_from_elsewhere, is_from_our_script

NEW_FOR = timedelta(days=PROBATION_DAYS)
"""How long a device that came for the first time, or an assistant who was named, is told of at each sign-in."""
NEW_TOLD_MAX = 5
KEYLESS = "/sign-in/without-key"
BEGUN = b'{"site":"portal","return_to":"/activity"}'
"""What begins a sign-in here, as the browser signs it."""
PROXIES = frozenset({"127.0.0.1", "::1"})


def sign_in_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of the first page, and of the way to the provider and back."""

    @get("/", opt={"act": Act.NONE})
    async def home(request: AnyRequest) -> Response[str]:
        """Lead to the question when somebody is signed in, else ask who it is."""
        try:
            site.held(request)
        except NotSignedInError:
            return sign_in_page(site, request)
        return Redirect("/ask", status_code=303)

    @get("/sign-in/callback", opt={"act": Act.SESSION_OPEN, **ONCE})
    async def callback(request: AnyRequest) -> Response[str]:
        """Open the session of the browser that comes back, and lead to the choice of an activity."""
        state, _, binding = cookie_in(request, site.pending_cookie).partition(".")
        brought = {name: request.query_params.get(name, "") for name in ("state", "code", "iss", "error")}
        if not binding or not state or state != brought["state"]:
            return sign_in_page(site, request, trouble="other_browser", status=403)
        answer = {name: value for name, value in brought.items() if value} | {"binding": binding}
        opened = await site.api.complete(answer, address_of(request))
        return entered(site, opened)

    return [home, callback, *_leaving_handlers(site)]


def _leaving_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes by which a browser leaves for its provider: with a key, where it makes one."""

    @get("/sign-in", opt={"act": Act.SESSION_OPEN})
    async def sign_in(request: AnyRequest) -> Response[str]:
        """The page that has the browser make its key and leave; whoever comes among many waits for her turn."""
        turn = turn_of(site, request)
        if not turn.come:
            return waiting_page(site, request, turn)
        values = {
            "said": BEGUN.decode(), "url": site.act_url(START), "now": now_of(site),
            "keyless_way": f"{KEYLESS}?page={site.turns.leads(turn.written)}",
        }  # fmt: skip
        return keep_turn(site, site.pages.page("begin.html", site.frame(request), values, status=200), turn)

    @post("/sign-in", status_code=200, opt={"act": Act.SESSION_OPEN})
    async def begin(request: AnyRequest) -> Response[dict[str, str]]:
        """Begin the sign-in of the browser whose key signed this very body; where its provider is."""
        if not is_from_our_script(request) or not begins(site, request):
            return Response({"location": "/sign-in"})
        proof = request.headers.get("dpop", "")[:PROOF_CHARS_MAX]
        try:
            started = await start_sign_in(site.api, Signed((await request.body())[:BODY_CHARS_MAX], proof or None))
        except ApiRefusedError as error:
            return refused_to_script(site, request, error)
        leads = {"location": started.authorize_url}
        return _left(site, Response(leads, headers=leads), started)

    @get(KEYLESS, opt={"act": Act.SESSION_OPEN})
    async def without_key(request: AnyRequest, page: FromQuery[str] = "") -> Response[str]:
        """Begin the sign-in of a browser that makes no key: of whoever chose it here, and is led by no other site.

        A browser that makes none may say nothing either of who leads it: the page of her turn does.
        """
        of_hers = site.turns.leads(cookie_in(request, site.turn_cookie))
        if not hmac.compare_digest(of_hers.encode(), page.encode()) or not begins(site, request):
            return Redirect("/sign-in", status_code=303)
        started = await start_sign_in(site.api, Signed(BEGUN, None))
        return _left(site, Redirect(started.authorize_url, status_code=303), started)

    return [sign_in, begin, without_key]


Answer = TypeVar("Answer", bound=Response[Any])


def _left(site: PortalSite, response: Answer, started: Started) -> Answer:
    response.set_cookie(site.cookie(site.pending_cookie, write_pending(started), PENDING_SECONDS))
    response.set_cookie(site.cookie(site.turn_cookie, "", 0))
    return response


def entered(site: PortalSite, opened: Opened) -> Response[str]:
    """Keep the session that just opened, and lead to the choice of its activity."""
    response: Response[str] = Redirect("/activity", status_code=303)
    response.set_cookie(site.cookie(site.session_cookie, opened.handle, None))
    keep_ticket(site, response, opened.ticket)
    response.set_cookie(site.cookie(site.pending_cookie, "", 0))
    return response


def session_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of the activity and of signing out."""

    @get("/activity", opt={"act": Act.NONE})
    async def activities(request: AnyRequest) -> Response[str]:
        """Ask under which activity the professional acts."""
        visit = await site.visit(request)
        if visit.session.activity is not None:
            return Redirect("/ask", status_code=303)
        offered = visit.session.offered
        if not offered:
            return forget(site, sign_in_page(site, request, trouble="nothing_offered", status=403))
        # Her own as well, if it is new: what she does not remember is what she has to see.
        since = site.clock.now() - NEW_FOR
        found = await site.api.devices(visit.held)
        new = [one.first_at for one in found.devices if one.first_at > since][:NEW_TOLD_MAX]
        values = {
            "activities": offered,
            "act_url": site.act_url(ACTIVITY),
            "error": "",
            "new_devices": new,
            "other_key_at": found.other_key_at,
            "new_assistants": await _lately_named(site, visit),
        }
        return site.page(visit, "activity.html", values)

    @post("/activity", status_code=200, opt={"act": Act.DEVICE_ENROL})
    async def choose(request: AnyRequest) -> Response[str]:
        """Relay the choice, signed by the key with which the sign-in began, where it had one."""
        held, fields = await site.form(request)
        body = fields.get("body", "")[:BODY_CHARS_MAX]
        if not body:
            number = number_in(fields.get("activity", ""), 10)
            if number is None:
                return Redirect("/activity", status_code=303)
            body = f'{{"activity":{number}}}'
        proof = fields.get("proof", "")[:PROOF_CHARS_MAX] or None
        response, ticket = Redirect("/ask", status_code=303), None
        try:
            ticket = await choose_activity(site.api, held, Signed(body.encode(), proof))
        except ApiRefusedError as error:
            if error.code != "session_already_bound":
                raise
        keep_ticket(site, response, ticket)
        return response

    @post("/sign-out", status_code=200, opt={"act": Act.SESSION_REVOKE})
    async def sign_out(request: AnyRequest) -> Response[str]:
        """End this session here and at the API, then at the provider; it is forgotten even if the API already had."""
        held, _ = await site.form(request)
        leave = LeaveAnswer(None, None, by_provider=True)
        try:
            leave = await site.api.leave(held)
        except ApiRefusedError as error:
            if not error.ends_session:
                raise
        if leave.url and leave.state:
            way = lead_on(site.pages, site.frame(request), site.cookie_left, leave.url, leave.state)
        else:
            way = left(site.cookie_left, Left.HERE if leave.by_provider else Left.ALONE)
        return forget(site, way)

    @get(SIGNED_OUT, opt={"act": Act.SESSION_REVOKE})
    async def gone(request: AnyRequest) -> Response[str]:
        """Say how far somebody left."""
        held, state = cookie_in(request, site.left_cookie), request.query_params.get("state", "")
        return signed_out(site.pages, site.frame(request), site.cookie_left, held, state)

    return [activities, choose, sign_out, gone]


async def _lately_named(site: PortalSite, visit: Visit) -> list[AssistantLine]:
    """Whom the professional let in lately, to be told of as she signs in: nobody, to an assistant."""
    if visit.session.assistant_name is not None:
        return []
    since = site.clock.now() - NEW_FOR
    every = await read_assistants(site.api, visit.held)
    return [one for one in every if one.let_in_at > since][:NEW_TOLD_MAX]


def now_of(site: PortalSite) -> int:
    """The seconds of our clock, for a browser whose own is wrong."""
    return int(site.clock.now().timestamp())


def turn_of(site: PortalSite, request: AnyRequest) -> Turn:
    """The turn to sign in of whoever opens the page of it.

    A picture or a frame of another site opens no page: it would take the turn of its reader's network.
    """
    if request.headers.get("sec-fetch-dest", "document") != "document":
        raise FormRefusedError
    return site.turns.enter(cookie_in(request, site.turn_cookie), site.ticks(), address_prefix(address_of(request)))


def begins(site: PortalSite, request: AnyRequest) -> bool:
    """Use the turn of whoever begins; False where she has none, or is led here by a page that is not ours."""
    if is_from_elsewhere(request):
        return False
    return site.turns.begin(cookie_in(request, site.turn_cookie), site.ticks())


def keep_turn(site: PortalSite, response: Response[str], turn: Turn) -> Response[str]:
    """Have the browser keep its turn, for as long as it serves."""
    kept = math.ceil(turn.wait) + round(TURN_FOR.total_seconds())
    response.set_cookie(site.cookie(site.turn_cookie, turn.written, kept))
    return response


def refused_to_script(site: PortalSite, request: AnyRequest, error: ApiRefusedError) -> Response[dict[str, str]]:
    """A refusal for the page's script, in the language of the page."""
    language = site.frame(request).language
    told = {"reason": error.reason[language], "remedy": error.remedy[language], "code": error.code}
    return Response(told, status_code=error.status)


def waiting_page(site: PortalSite, request: AnyRequest, turn: Turn) -> Response[str]:
    """The page of whoever has to wait for her turn to sign in, which comes again by itself.

    It is no failure, hence not a 503: alerts are for those.
    """
    frame, seconds = site.frame(request), math.ceil(turn.wait)
    wait = timedelta(minutes=math.ceil(seconds / 60))
    values = {
        "at": say_time(site.clock.now() + timedelta(seconds=seconds), frame.language),
        "wait": wait,
        "soon": wait <= timedelta(minutes=1),
        "given": bool(turn.written),
        "here": request.url.path,
        "status_path": site.settings.status_path or "",
    }
    response = site.pages.page("waiting.html", frame, values, status=200)
    response.headers["refresh"] = str(seconds)
    return keep_turn(site, response, turn) if turn.written else response


def sign_in_page(
    site: PortalSite,
    request: AnyRequest,
    *,
    trouble: str = "",
    refusal: ApiRefusedError | None = None,
    status: int = 200,
) -> Response[str]:
    """The page that asks who it is; `trouble` is a key of words, `refusal` what the API said."""
    frame = site.frame(request)
    values = {
        "trouble": trouble,
        "reason": refusal.reason[frame.language] if refusal else "",
        "remedy": refusal.remedy[frame.language] if refusal else "",
        "code": refusal.code if refusal else "",
        "demo": bool(site.demo),
        "late": status == 401 and request.method == "POST",
        "typed": request.state.get(TYPED, ""),
    }
    return site.pages.page("sign_in.html", frame, values, status=status)


def forget(site: PortalSite, response: Response[str]) -> Response[str]:
    """Make the browser forget the session."""
    for name in (site.session_cookie, site.ticket_cookie, site.pending_cookie):
        response.set_cookie(site.cookie(name, "", 0))
    return response


def address_of(request: AnyRequest) -> str:
    """The browser's address: the peer's, or what our own proxy, on this machine, says last of whom it speaks for."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getall("x-forwarded-for", []))  # a proxy may add a line of its own
    return forwarded.rsplit(",", 1)[-1].strip() if peer in PROXIES and forwarded else peer
