"""What every page of the insurers' site starts from: who is signed in, for which insurer, by which session."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Response

from tierce.identity.local import InsurerSessions
from tierce.identity.model import InsurerCaller
from tierce.identity.oidc import digest
from tierce.identity.service import SignInDoor
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.service import BoundDoor
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.service import InsurerDesk
from tierce.policy.acts import Act
from tierce.web.look import Frame, Link, Pages
from tierce.web.signin_site import RENEWS, SIGN_OUT, SiteSignIn
from tierce.web.visit import AnyRequest, Rows, can_be_asked_again, kept_around, language_of

HERE: Final = Path(__file__).parent
LINKS: Final = (
    Link("/", "nav.people"),
    Link("/activity", "nav.activity"),
    Link("/payments", "nav.payments"),
    Link("/incidents", "nav.incidents", ("/key",)),
    Link("/requests", "nav.requests"),
    Link("/reviews", "nav.reviews"),
    Link("/documents", "nav.documents"),
    Link("/feeds", "nav.feeds"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request; `handle` is the digest of the session's handle, which opens her insurer's rows and no other's."""

    caller: InsurerCaller
    handle: bytes
    frame: Frame


@dataclass(frozen=True, slots=True)
class InsurersSite:
    """Everything the site's pages use; made once at start."""

    pages: Pages
    rows: Rows
    sessions: InsurerSessions
    sign_in: SiteSignIn
    desk: InsurerDesk
    breaches: Breaches

    async def visit(self, request: AnyRequest) -> Visit:
        """Read who is signed in; SessionRefusedError when nobody is, TicketRefusedError until her browser signs."""
        handle, caller = await self.sign_in.reader(request, self.sessions.read)
        frame = kept_around(request, Frame(
            language=language_of(request),
            path=request.url.path,
            again=can_be_asked_again(request),
            links=LINKS,
            who=caller.name,
            place=caller.insurer_name,
            sign_out=SIGN_OUT,
            csrf=form_token(handle),
            renews=RENEWS,
        ))  # fmt: skip
        return Visit(caller, digest(handle), frame)

    def page(self, visit: Visit, template: str, values: Mapping[str, object], *, status: int = 200) -> Response[str]:
        """Render a page for this visit."""
        return self.pages.page(template, visit.frame, {**values, "caller": visit.caller}, status=status)


def insurers_sign_in(pages: Pages, door: SignInDoor, sessions: InsurerSessions, *, secure: bool) -> SiteSignIn:
    """The site's sign-in, in its own look."""
    return SiteSignIn(
        name="insurers",
        pages=pages,
        door=BoundDoor(door, sessions),
        secure=secure,
        entered=Act.INSURER_SESSION_OPEN,
        left=Act.INSURER_SESSION_END,
        given_back=frozenset({"recipient"}),
    )
