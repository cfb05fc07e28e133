"""Signing in and out of a site that is itself the client of its provider: the office and the persons' space.

Cookies and forgery:
- the session is bound to a key of the browser, which signs before it leaves for the provider: the page of the sign-in
  has it made. The cookie of the session reads nothing without that of a ticket, which lives five minutes and which
  the key renews (identity/sites/service.py);
- the cookie of a sign-in under way is `SameSite=Lax`, since the browser comes back from another site; it holds
  state and binding, lives five minutes and serves nothing else;
- those of the session and of its ticket are `SameSite=Strict`: no other site ever makes a request in the session's
  name, nor does another origin of the same domain, which `Sec-Fetch-Site` tells, or `Origin`. The callback therefore
  answers with a page that goes on by itself, since a redirect would still count as the provider's;
- forms that change something also carry FORM_FIELD, a token bound to the session.
All are HttpOnly, and Secure with the `__Host-` name as soon as the site has https.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie, FormMultiDict
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from tierce.identity.dpop import digest_of
from tierce.identity.errors import (
    IdentityError,
    ProofReason,
    ProofRefusedError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.leaving import leave
from tierce.identity.oidc import Answer
from tierce.identity.rules import PENDING_LIFE, is_local_return
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.identity.sites.forms import form_token_fits
from tierce.identity.sites.model import Held
from tierce.identity.sites.rules import RENEWED_AFTER, TICKET_LIFE
from tierce.identity.sites.service import RENEW, START, BoundDoor
from tierce.policy.acts import Act
from tierce.web.back_channel import BACK_CHANNEL, told_over
from tierce.web.cookies import cookie_in
from tierce.web.leaving import COOKIE, SIGNED_OUT, Left, lead_on, left, signed_out
from tierce.web.look import Frame, Pages
from tierce.web.signin_words import code_of, told
from tierce.web.visit import ONCE, AnyRequest, can_be_asked_again, is_from_elsewhere, is_from_our_script, language_of

SIGN_IN, CALLBACK, SIGN_OUT = START, "/sign-in/callback", "/sign-out"
CHALLENGE = "/session/challenge"
RENEWS: Final = int(RENEWED_AFTER.total_seconds())
"""After how many seconds a page that stays open has its ticket replaced."""
FORM_FIELD = "form_token"
_LATE, _WHOLE = "late", "whole"
"""Where a request holds what a form that came too late said: what was written by hand, and all of its fields."""
Caller = TypeVar("Caller")


class _Start(msgspec.Struct):
    return_to: str


class _Signed(msgspec.Struct):
    challenge: str


@dataclass(frozen=True, slots=True)
class SiteSignIn:
    """One site's sign-in.

    `pages` is the site's look; `door` its sign-in, with its sessions; `secure` is true as soon as the public address
    has https; `entered` and `left` are the acts.
    """

    name: str
    pages: Pages
    door: BoundDoor
    secure: bool
    entered: Act
    left: Act
    given_back: frozenset[str] = frozenset()
    """Fields that one fills in by hand and that hold no sentence: given back too when a form comes too late."""

    @property
    def session_cookie(self) -> str:
        """The name of the cookie that holds the session's handle."""
        return f"{'__Host-' if self.secure else ''}tierce-{self.name}"

    @property
    def ticket_cookie(self) -> str:
        """The name of the cookie without which the session's reads nothing, and which lives minutes."""
        return f"{self.session_cookie}-ticket"

    @property
    def pending_cookie(self) -> str:
        """The name of the cookie of a sign-in under way."""
        return f"{'__Host-' if self.secure else ''}tierce-{self.name}-pending"

    def handle(self, request: AnyRequest) -> str:
        """The handle that the browser holds; SessionRefusedError when it holds none.

        Nor when a page of another origin makes the request: `SameSite=Strict` keeps back those of other sites alone,
        and ours, the portal among them, are names under one domain.
        """
        found = cookie_in(request, self.session_cookie)
        if not found or is_from_elsewhere(request):
            raise SessionRefusedError(SessionReason.UNKNOWN)
        return found

    async def reader(self, request: AnyRequest, read: Callable[[Held], Awaitable[Caller]]) -> tuple[str, Caller]:
        """Read who is signed in: her handle, and what `read` says of her.

        Raises:
            SessionRefusedError: nobody is.
            TicketRefusedError: her browser has to sign first.
        """
        try:
            held = Held(self.handle(request), cookie_in(request, self.ticket_cookie))
            return held.handle, await read(held)
        except (SessionRefusedError, TicketRefusedError):
            await self.keep_typed(request)
            raise

    def refused(self, request: AnyRequest, error: IdentityError) -> Response[str]:
        """The page that asks to sign in, and says why when a sign-in or a session was refused; or to sign first."""
        if isinstance(error, TicketRefusedError) and error.reason is TicketReason.LAPSED:
            return self._lapsed(request)
        reason, remedy = told(error)
        known = bool(cookie_in(request, self.session_cookie))
        fresh = isinstance(error, SessionRefusedError) and not known
        values = {
            "reason": None if fresh else reason, "remedy": remedy, "code": code_of(error),
            "sign_in": f"{SIGN_IN}{_back_to(request)}", "late": request.scope["state"].get(_LATE),
        }  # fmt: skip
        frame = Frame(language=language_of(request), path=request.url.path, again=can_be_asked_again(request))
        return self.pages.page("welcome.html", frame, values, status=401)

    def _lapsed(self, request: AnyRequest) -> Response[str]:
        """The page that has the browser sign, and then asks again for the very same: it tells of nobody.

        A form is in it whole, and is sent again once there is a ticket; not what was refused for another reason, nor
        a file, which the page says.
        """
        held = request.scope["state"]
        values = {
            "whole": held.get(_WHOLE), "late": held.get(_LATE), "sign_in": f"{SIGN_IN}{_back_to(request)}",
            "asked": "form" if request.method == "POST" else "page", "back": _page_of(request), "keyless_too": False,
        }  # fmt: skip
        frame = Frame(language=language_of(request), path=request.url.path, again=can_be_asked_again(request))
        return self.pages.page("renewing.html", frame, values, status=401)

    async def keep_typed(self, request: AnyRequest) -> None:
        """Hold what was typed in a form whose session has ended, so that `refused` says that it is not kept.

        It is in that one answer alone: in no address, log or row. Nothing that another site sends is ever shown: the
        browser says where a form comes from. A file is not read for whoever is not signed in.
        """
        if request.method == "POST" and request.headers.get("sec-fetch-site") == "same-origin":
            if request.headers.get("content-type", "").startswith("multipart/"):
                request.scope["state"][_LATE] = ()
                return
            form = await request.form()
            request.scope["state"][_LATE] = self._typed(form)
            if form_token_fits(cookie_in(request, self.session_cookie), str(form.get(FORM_FIELD, ""))):
                request.scope["state"][_WHOLE] = [(key, str(value)) for key, value in form.multi_items()]

    def _typed(self, form: FormMultiDict) -> tuple[str, ...]:
        """What a person wrote in a form: every text of several words, and the fields that this site gives back."""
        return tuple(
            value
            for key, value in form.multi_items()
            if key != FORM_FIELD and isinstance(value, str) and value.strip()
            if " " in value or key in self.given_back
        )

    async def check_form(self, request: AnyRequest) -> dict[str, str]:
        """Read a submitted form, refused unless it carries the session's own token."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        if not form_token_fits(self.handle(request), form.get(FORM_FIELD, "")):
            await self.keep_typed(request)
            raise SessionRefusedError(SessionReason.UNKNOWN)
        return form

    @property
    def left_cookie(self) -> str:
        """The name of the cookie that says how far somebody left."""
        return f"{'__Host-' if self.secure else ''}tierce-{self.name}-{COOKIE}"

    def cookie_left(self, value: str, seconds: int) -> Cookie:
        """That cookie; her provider leads her back from another site."""
        return self.cookie(self.left_cookie, value, strict=False, seconds=seconds)

    def cookie_ticket(self, ticket: str) -> Cookie:
        """The ticket's, which the browser forgets when it serves no more."""
        seconds = int(TICKET_LIFE.total_seconds())
        return self.cookie(self.ticket_cookie, ticket, strict=True, seconds=seconds)

    def cookie(self, name: str, value: str, *, strict: bool, seconds: int | None) -> Cookie:
        """Make a cookie of this site; `seconds` 0 deletes it."""
        return Cookie(
            key=name,
            value=value,
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="strict" if strict else "lax",
            max_age=seconds,
        )


def sign_in_handlers(site: SiteSignIn) -> list[HTTPRouteHandler]:
    """Make the routes of a site's sign-in and sign-out."""

    @get(SIGN_IN, opt={"act": site.entered})
    async def sign_in(request: AnyRequest, return_to: FromQuery[str] = "/") -> Response[Any]:
        """The page that has the browser make its key, sign with it, and leave for its provider.

        Some pages write a line before they show anything, and her provider may let her in without asking: where she
        is led afterwards is said by a page of ours, by an address that she typed, and by no page of another origin.
        """
        if not is_local_return(return_to):
            return site.refused(request, SignInRefusedError(SignInReason.RETURN_ADDRESS))
        led_here = is_from_elsewhere(request)
        now = int(site.door.sessions.clock.now().timestamp())
        frame = Frame(language=language_of(request), path=SIGN_IN)
        said = msgspec.json.encode(_Start("/" if led_here else return_to)).decode()
        values = {"said": said, "url": SIGN_IN, "now": now}
        return site.pages.page("entering.html", frame, values, status=200)

    @get(CALLBACK, opt={"act": site.entered, **ONCE})
    async def callback(request: AnyRequest) -> Response[Any]:
        """Open the session of the browser that comes back."""
        query = request.query_params
        state, _, binding = cookie_in(request, site.pending_cookie).partition(".")
        try:
            if not state or state != query.get("state"):
                raise SignInRefusedError(SignInReason.OTHER_BROWSER)
            answer = Answer(state, query.get("code"), query.get("iss"), query.get("error"))
            opened, return_to = await site.door.complete(answer, binding)
        except IdentityError as refusal:
            refused = site.refused(request, refusal)
            refused.set_cookie(site.cookie(site.pending_cookie, "", strict=False, seconds=0))
            return refused
        response: Response[Any] = _go_on(return_to)
        response.set_cookie(site.cookie(site.session_cookie, opened.handle, strict=True, seconds=None))
        response.set_cookie(site.cookie_ticket(opened.ticket))
        response.set_cookie(site.cookie(site.pending_cookie, "", strict=False, seconds=0))
        return response

    return [sign_in, callback, *_key_handlers(site), *_sign_out_handlers(site)]


def _key_handlers(site: SiteSignIn) -> list[HTTPRouteHandler]:
    """What the scripts of the look ask for (entering.js, ticket.js), and never a page of another origin."""

    @post(SIGN_IN, status_code=200, opt={"act": site.entered})
    async def start(request: AnyRequest) -> Response[Any]:
        """Keep the key that signed this very body with the sign-in, and say where the provider is."""
        try:
            _insist_ours(request)
            body = await request.body()
            started = await site.door.start(_return_of(body), body, _proof_of(request))
        except IdentityError as error:
            return _told(site, request, error)
        response = Response({"location": started.authorize_url}, headers={"location": started.authorize_url})
        seconds = int(PENDING_LIFE.total_seconds())
        held = f"{started.state}.{started.binding}"
        response.set_cookie(site.cookie(site.pending_cookie, held, strict=False, seconds=seconds))
        return response

    @post(CHALLENGE, status_code=200, opt={"act": site.entered})
    async def challenge(request: AnyRequest) -> Response[Any]:
        """Draw what the session's browser is to sign."""
        try:
            _insist_ours(request)
            handle = site.handle(request)
            tickets = site.door.tickets
            drawn = await tickets.challenge(handle)
        except IdentityError as error:
            return _told(site, request, error)
        now = int(site.door.sessions.clock.now().timestamp())
        return Response({"challenge": drawn, "ath": digest_of(handle.encode()), "now": now, "url": tickets.url})

    @post(RENEW, status_code=200, opt={"act": site.entered})
    async def renew(request: AnyRequest) -> Response[Any]:
        """Give the session's browser another ticket for what it signed."""
        try:
            _insist_ours(request)
            handle, body = site.handle(request), await request.body()
            ticket = await site.door.tickets.renew(handle, _challenge_of(body), body, _proof_of(request))
        except IdentityError as error:
            return _told(site, request, error)
        response: Response[Any] = Response({})
        response.set_cookie(site.cookie_ticket(ticket))
        return response

    return [start, challenge, renew]


def _insist_ours(request: AnyRequest) -> None:
    """Refuse what a page of another origin sends: it would have a browser sign in with a key that is not its own."""
    if not is_from_our_script(request):
        raise SignInRefusedError(SignInReason.OTHER_BROWSER)


def _return_of(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Start).return_to
    except (msgspec.DecodeError, ValueError) as error:
        raise SignInRefusedError(SignInReason.RETURN_ADDRESS) from error


def _challenge_of(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Signed).challenge
    except (msgspec.DecodeError, ValueError) as error:
        raise ProofRefusedError(ProofReason.BODY) from error


def _proof_of(request: AnyRequest) -> bytes | None:
    found = request.headers.get("dpop")
    return None if found is None else found.encode()


def _told(site: SiteSignIn, request: AnyRequest, error: IdentityError) -> Response[Any]:
    """A refusal, to the script of a page of ours: 409 when it may sign another challenge."""
    language, (reason, remedy) = language_of(request), told(error)
    code = site.pages.words.say("look.code", language, code=code_of(error))
    stale = isinstance(error, TicketRefusedError) and error.reason is TicketReason.STALE
    unfit = isinstance(error, ProofRefusedError)
    said = {"reason": reason[language], "remedy": remedy[language], "code": code}
    return Response(said, status_code=409 if stale else 400 if unfit else 401)


def _sign_out_handlers(site: SiteSignIn) -> list[HTTPRouteHandler]:
    @post(SIGN_OUT, status_code=200, opt={"act": site.left})
    async def sign_out(request: AnyRequest) -> Response[Any]:
        """End the session here, and then at the provider, where it has a page for it."""
        try:
            await site.check_form(request)
            handle, lapsed = site.handle(request), False
            try:
                await site.door.sessions.read(Held(handle, cookie_in(request, site.ticket_cookie)))
            except TicketRefusedError:
                lapsed = True  # whoever lost her key leaves all the same
            await site.door.sessions.end(handle)
        except IdentityError as error:
            return site.refused(request, error)
        # Leaving the provider tells it who leaves: not in the name of a handle alone, which may be stolen.
        leaving = None if lapsed else await leave(site.door.door, handle)
        frame = Frame(language=language_of(request), path=SIGNED_OUT)
        if leaving is None:
            response = left(site.cookie_left, Left.HERE)
        else:
            response = lead_on(site.pages, frame, site.cookie_left, leaving.url, leaving.state)
        response.set_cookie(site.cookie(site.session_cookie, "", strict=True, seconds=0))
        response.set_cookie(site.cookie(site.ticket_cookie, "", strict=True, seconds=0))
        return response

    @get(SIGNED_OUT, opt={"act": site.left})
    async def gone(request: AnyRequest) -> Response[Any]:
        """Say how far somebody left."""
        frame, held = Frame(language=language_of(request), path=SIGNED_OUT), cookie_in(request, site.left_cookie)
        return signed_out(site.pages, frame, site.cookie_left, held, request.query_params.get("state", ""))

    @post(BACK_CHANNEL, status_code=200, opt={"act": site.left})
    async def over(request: AnyRequest) -> Response[Any]:
        """The provider says that a session is over."""
        return await told_over(request, site.door.door.provider, site.door.sessions.end_over)

    return [sign_out, gone, over]


def _back_to(request: AnyRequest) -> str:
    """Where a sign-in leads back to: the page that was asked for, or the one whose form came too late."""
    path = _page_of(request)
    if path in {"", "/"} or path.startswith((SIGN_IN, SIGN_OUT)) or not is_local_return(path):
        return ""
    return f"?return_to={quote(path)}"


def _page_of(request: AnyRequest) -> str:
    """The page that holds a form: its own address, or the nearest above it that can be opened. No browser tells."""
    opened = {route.path_format for route in request.app.routes if "GET" in getattr(route, "methods", ())}
    path, template = request.url.path, request.scope["path_template"]
    while template and template not in opened:
        path, template = path.rpartition("/")[0], template.rpartition("/")[0]
    return path


def _go_on(return_to: str) -> Response[str]:
    """A page of our own that leads on, so that the next request is ours and carries the session's cookie."""
    path = escape(return_to if is_local_return(return_to) else "/")
    page = (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Connexion</title>'
        f'<meta http-equiv="refresh" content="0;url={path}"></head><body><main><h1>Vous êtes connecté</h1>'
        f'<p><a href="{path}">Continuer <span lang="en">/ Continue</span></a></p></main></body></html>'
    )
    return Response(page, media_type="text/html", headers={"Cache-Control": "no-store"})
