"""What every page of the portal starts from: the cookies, the session as the API tells it, the frame."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie, State

from tierce.identity.sites.model import Held
from tierce.identity.sites.rules import RENEWED_AFTER, TICKET_LIFE
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.settings import SettingsError
from tierce.web.cookies import cookie_in
from tierce.web.leaving import COOKIE as COOKIE_LEFT
from tierce.web.look import Frame, Link, Pages, choose_language
from tierce.web.look.choice import COOKIE
from tierce.web.portal.api import Api, Session, Started
from tierce.web.portal.errors import FormRefusedError, NotSignedInError
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.turns import Turns
from tierce.web.visit import can_be_asked_again, is_from_our_script

HERE: Final = Path(__file__).parent
FORM_FIELD: Final = "form_token"
PENDING_SECONDS: Final = 300
LINKS: Final = (
    Link("/ask", "nav.ask", ("/deposit", "/receipts", "/held")),
    Link("/history", "nav.history"),
    Link("/agreements", "nav.agreements", apart=True),
    Link("/invoices", "nav.invoices", ("/transfers", "/recoveries")),
    Link("/places", "nav.places", apart=True),
    Link("/sessions", "nav.sessions"),
    Link("/delegates", "nav.delegates"),
    Link("/account", "nav.account"),
    Link("/help", "nav.help"),
)
OWN_AFFAIRS: Final = frozenset({"/delegates", "/account"})
"""Pages of the professional in person; the API refuses them to an assistant whatever is linked."""

_FRAME: Final = "frame"
"""Where a request keeps what stands around its pages: whoever is refused an act keeps her way to the others."""

WHOLE: Final = "whole"
"""Where a request keeps all the fields of its form."""

RENEWS: Final = int(RENEWED_AFTER.total_seconds())
"""After how many seconds a page that stays open has its ticket replaced."""

TYPED: Final = "typed"
"""Where a request keeps a text that came after its session had ended: it is given back, in that answer alone."""

AnyRequest = Request[Any, Any, State]


class DemoPerson(msgspec.Struct):
    """An invented person whose identifiers a demonstration puts in the form."""

    nir: str
    birth_date: str
    rank: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in professional."""

    held: Held
    session: Session
    frame: Frame
    signing: Mapping[str, str]
    """What the browser needs to sign for this session: see `PortalSite.signing`."""


@dataclass(frozen=True, slots=True)
class PortalSite:
    """Everything the pages use; made once at start."""

    pages: Pages
    api: Api
    settings: PortalSettings
    clock: Clock
    turns: Turns
    ticks: Callable[[], float]
    """Seconds of a clock that never goes back."""
    demo: Mapping[str, DemoPerson] = field(default_factory=dict)

    @property
    def session_cookie(self) -> str:
        """The name of the cookie that holds the session's handle."""
        return self._named("tierce-portal")

    @property
    def pending_cookie(self) -> str:
        """The name of the cookie of a sign-in under way."""
        return self._named("tierce-portal-pending")

    @property
    def turn_cookie(self) -> str:
        """The name of the cookie that holds the turn of whoever waits to sign in."""
        return self._named("tierce-portal-turn")

    @property
    def left_cookie(self) -> str:
        """The name of the cookie that says how far somebody left."""
        return self._named(f"tierce-portal-{COOKIE_LEFT}")

    def cookie_left(self, value: str, seconds: int) -> Cookie:
        """That cookie."""
        return self.cookie(self.left_cookie, value, seconds)

    @property
    def ticket_cookie(self) -> str:
        """The name of the cookie without which the session's reads nothing, and which lives minutes."""
        return f"{self.session_cookie}-ticket"

    def cookie_ticket(self, ticket: str) -> Cookie:
        """That cookie, which the browser forgets when it serves no more."""
        return self.cookie(self.ticket_cookie, ticket, int(TICKET_LIFE.total_seconds()))

    def held(self, request: AnyRequest) -> Held:
        """The handle and the ticket that the browser holds; NotSignedInError when it holds no handle."""
        handle = cookie_in(request, self.session_cookie)
        if not handle:
            raise NotSignedInError
        return Held(handle, cookie_in(request, self.ticket_cookie))

    def handed_over(self, request: AnyRequest) -> Held:
        """The same, of what a script of ours sends; NotSignedInError for a page of another origin."""
        if not is_from_our_script(request):
            raise NotSignedInError
        return self.held(request)

    def frame(self, request: AnyRequest, *, handle: str = "", session: Session | None = None) -> Frame:
        """What stands around a page; links only for a session that has an activity."""
        activity = session.activity if session else None
        return Frame(
            language=choose_language(
                request.query_params.get("lang"),
                cookie_in(request, COOKIE),
                request.headers.get("accept-language"),
            ),
            path=request.url.path,
            again=can_be_asked_again(request),
            links=links_of(session) if session and activity else (),
            who=_who(session) if session else None,
            place=activity.place if activity else None,
            sign_out="/sign-out" if handle else None,
            csrf=form_token(handle) if handle else None,
            renews=RENEWS if session and session.signs else None,
        )

    async def visit(self, request: AnyRequest) -> Visit:
        """Ask the API whose session this is; NotSignedInError or the API's refusal otherwise."""
        held = self.held(request)
        session = await self.api.session(held)
        frame = self.frame(request, handle=held.handle, session=session)
        request.state[_FRAME] = frame
        return Visit(held, session, frame, self.signing(held.handle, session))

    def around(self, request: AnyRequest) -> Frame:
        """What stands around a page that says what went wrong: of the visit, where it got as far as one."""
        found: Frame | None = request.state.get(_FRAME)
        return found or self.frame(request)

    def signing(self, handle: str, session: Session) -> Mapping[str, str]:
        """The page's data for the browser's key: digest of the handle, the server's seconds, whether it must sign.

        The digest is RFC 9449's `ath`; the handle itself never reaches a page.
        """
        return {
            "ath": urlsafe_b64encode(sha256(handle.encode()).digest()).rstrip(b"=").decode(),
            "now": str(int(self.clock.now().timestamp())),
            "signs": "yes" if session.signs else "no",
        }

    def act_url(self, path: str) -> str:
        """The public address of an act: what a proof's `htu` names."""
        return self.settings.api_public_url.rstrip("/") + path

    async def form(self, request: AnyRequest) -> tuple[Held, dict[str, str]]:
        """Read a submitted form of this session; FormRefusedError without the session's token.

        It is held whole, for the answer to the browser whose own page sent it: there it waits for a ticket.
        """
        held, form = self.held(request), await request.form()
        fields = {key: str(value) for key, value in form.items()}
        if not hmac.compare_digest(form_token(held.handle).encode(), fields.get(FORM_FIELD, "").encode()):
            raise FormRefusedError
        if request.headers.get("sec-fetch-site") == "same-origin":
            request.state[WHOLE] = [(key, str(value)) for key, value in form.multi_items()]
        return held, fields

    def page(self, visit: Visit, template: str, values: Mapping[str, object], *, status: int = 200) -> Response[str]:
        """Render a page for this visit."""
        shown = {**values, "session": visit.session, "signing": visit.signing}
        return self.pages.page(template, visit.frame, shown, status=status)

    def cookie(self, name: str, value: str, seconds: int | None) -> Cookie:
        """Make a cookie of this site; 0 seconds deletes it, None ends it with the browser."""
        return Cookie(
            key=name, value=value, path="/", httponly=True, secure=self.settings.https,
            samesite="lax", max_age=seconds,
        )  # fmt: skip

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.settings.https else name


def form_token(handle: str) -> str:
    """The token that a form of this session carries; only who holds the handle can make it."""
    digest = hmac.digest(handle.encode(), b"tierce-portal-form-v1", "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def write_pending(started: Started) -> str:
    """The value of the cookie of a sign-in under way."""
    return f"{started.state}.{started.binding}"


def links_of(session: Session) -> tuple[Link, ...]:
    """The pages that a session may open: an assistant's has none of the professional's own affairs."""
    return LINKS if session.assistant_name is None else tuple(one for one in LINKS if one.href not in OWN_AFFAIRS)


def _who(session: Session) -> str:
    """Who is signed in; of an assistant, for whom as well."""
    professional = _said(session.professional_name)
    return professional if session.assistant_name is None else f"{session.assistant_name} · {professional}"


def _said(name: str) -> str:
    """Write a name of the directory, which may be all in capitals, as its bearer would."""
    return name.title() if name.isupper() else name


class _Character(msgspec.Struct):
    members: list[DemoPerson] = []


class _Truth(msgspec.Struct):
    story: dict[str, _Character]


def read_demo(path: Path | None) -> dict[str, DemoPerson]:
    """Read the invented people of a demonstration from the truth of the synthetic country, by role."""
    if path is None:
        return {}
    try:
        story = msgspec.json.decode(path.read_bytes(), type=_Truth).story
    except (OSError, msgspec.DecodeError) as error:
        why = os_reason(error) if isinstance(error, OSError) else Phrase("JSON", "JSON")
        msg = (
            f"demo_people : {path} ne se lit pas ({why.fr}) ; corrigez le chemin ou ses droits, ou retirez le champ "
            f"/ demo_people: {path} cannot be read ({why.en}); correct the path or its modes, or remove the field"
        )
        raise SettingsError(msg) from None
    return {role: character.members[0] for role, character in story.items() if character.members}
