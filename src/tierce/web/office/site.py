"""What every page of the office starts from: the signed-in member of staff, and the slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Response

from tierce.directory.service import Clients
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.local import StaffSessions
from tierce.identity.model import StaffCaller
from tierce.identity.service import SignInDoor
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.service import BoundDoor
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.holds.service import Holds
from tierce.incidents.service import Incidents
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.kernel.saying import listing
from tierce.notices.service import Notices
from tierce.policy.acts import Act
from tierce.policy.staff import ROLE_LABELS, may_act, roles_of
from tierce.web.look import Frame, Link, Pages
from tierce.web.signin_site import RENEWS, SIGN_OUT, SiteSignIn
from tierce.web.visit import AnyRequest, Rows, act_of, can_be_asked_again, kept_around, language_of

HERE: Final = Path(__file__).parent
LINKS: Final = (
    Link("/", "nav.live", ("/accounts", "/holds", "/lines", "/live")),
    Link("/ladder", "nav.ladder", ("/appeals",)),
    Link("/alerts", "nav.alerts"),
    Link("/unexplained", "nav.unexplained"),
    Link("/limits", "nav.limits", ("/pools",)),
    Link("/closings", "nav.closings"),
    Link("/reports", "nav.reports", ("/requests",), apart=True),
    Link("/incidents", "nav.incidents", ("/register", "/aside")),
    Link("/directory", "nav.directory", apart=True),
    Link("/payments", "nav.payments", ("/transfers", "/recoveries", "/undecided", "/bank")),
    Link("/feeds", "nav.feeds"),
    Link("/journal", "nav.journal"),
)
INSPECTOR_LINKS: Final = (Link("/inspection", "nav.inspection"), Link("/inspection/controls", "inspection.controls"))
"""All that an inspector is led to: the rest would refuse her."""


class RoleRefusedError(TierceError):
    """None of the visitor's roles may carry out the act of this route."""

    def __init__(self, roles: Phrase) -> None:
        """Name the roles that may."""
        super().__init__(roles.en)
        self.reason = roles


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in member of staff, one of whose roles may carry out the route's act."""

    caller: StaffCaller
    frame: Frame

    def may(self, act: Act) -> bool:
        """Whether she may carry out another act, so that no page offers a button that would be refused."""
        return may_act(self.caller.roles, act)


@dataclass(frozen=True, slots=True)
class OfficeSite:
    """Everything the office's pages use; made once at start.

    `log_key` is the journal's public key line (`name+id+base64`), with which this process checks each proof it
    shows by the independent verifier; `log` is where it reads tiles for one. `inspected` reads as tierce_inspector:
    all that an inspector's pages show is read through it.
    """

    pages: Pages
    rows: Rows
    inspected: Rows
    sessions: StaffSessions
    sign_in: SiteSignIn
    incidents: Incidents
    clocks: Clocks
    notices: Notices
    holds: Holds
    clients: Clients
    log_key: str
    log: LogFolder
    sealed: SealedLog
    clock: Clock

    async def visit(self, request: AnyRequest) -> Visit:
        """Read who is signed in, and whether she may carry out the act that the route declares.

        Raises:
            SessionRefusedError: nobody is signed in.
            TicketRefusedError: her browser has to sign first.
            SignInRefusedError: she holds no role any more.
            RoleRefusedError: none of her roles may carry out this act; a route without an act is nobody's.
        """
        handle, caller = await self.sign_in.reader(request, self.sessions.read)
        if not caller.roles:
            raise SignInRefusedError(SignInReason.NOT_STAFF)
        frame = kept_around(request, Frame(
            language=language_of(request),
            path=request.url.path,
            again=can_be_asked_again(request),
            links=LINKS if may_act(caller.roles, Act.STAFF_LIVE) else INSPECTOR_LINKS,
            who=caller.name,
            sign_out=SIGN_OUT,
            csrf=form_token(handle),
            renews=RENEWS,
        ))  # fmt: skip
        act = act_of(request.route_handler)
        if act is None or not may_act(caller.roles, act):
            allowed = [ROLE_LABELS[role] for role in roles_of(act)] if act is not None else []
            raise RoleRefusedError(listing(allowed))
        return Visit(caller, frame)

    def page(self, visit: Visit, template: str, values: Mapping[str, object], *, status: int = 200) -> Response[str]:
        """Render a page for this visit."""
        return self.pages.page(template, visit.frame, {"may": visit.may, "acts": Act, **values}, status=status)


def office_sign_in(pages: Pages, door: SignInDoor, sessions: StaffSessions, *, secure: bool) -> SiteSignIn:
    """The office's sign-in, in its own look."""
    return SiteSignIn(
        name="office",
        pages=pages,
        door=BoundDoor(door, sessions),
        secure=secure,
        entered=Act.STAFF_SESSION_OPEN,
        left=Act.STAFF_SESSION_END,
    )
