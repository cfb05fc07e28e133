"""What every page of the persons' space starts from: the person signed in, and her session's handle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Response
from psycopg import Connection
from psycopg.errors import ProgramLimitExceeded

from tierce.identity.local import PersonSessions
from tierce.identity.model import PersonCaller
from tierce.identity.oidc import digest
from tierce.identity.service import SignInDoor
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.service import BoundDoor
from tierce.notices.model import Operator
from tierce.persons.errors import TooManyOpenedError
from tierce.persons.service import Persons
from tierce.policy.acts import Act
from tierce.presence.answers import Answers
from tierce.web.look import Frame, Link, Pages
from tierce.web.persons.desk import CardDesk
from tierce.web.signin_site import RENEWS, SIGN_OUT, SiteSignIn
from tierce.web.visit import AnyRequest, Found, Rows, can_be_asked_again, kept_around, language_of

HERE: Final = Path(__file__).parent
LINKS: Final = (
    Link("/", "nav.history", ("/lines", "/read", "/wish", "/presence")),
    Link("/billed", "nav.billed"),
    Link("/card", "nav.card"),
    Link("/concerned", "nav.concerned", ("/letters",)),
    Link("/requests", "nav.requests", ("/my-data",)),
    Link("/help", "nav.help"),
)


@dataclass(frozen=True, slots=True)
class OwnRows(Rows):
    """Rows that the database refuses to everybody once too many spaces were opened in a day."""

    async def read(self, work: Callable[[Connection], Found]) -> Found:
        """Run `work`; TooManyOpenedError past that ceiling, whatever it reads or keeps."""
        try:
            return await Rows.read(self, work)
        except ProgramLimitExceeded:
            raise TooManyOpenedError from None


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a person; `handle` is the digest of her session's handle, which opens her rows."""

    caller: PersonCaller
    handle: bytes
    frame: Frame


@dataclass(frozen=True, slots=True)
class PersonsSite:
    """Everything the space's pages use; made once at start."""

    pages: Pages
    rows: Rows
    sessions: PersonSessions
    sign_in: SiteSignIn
    persons: Persons
    operator: Operator
    answers: Answers
    cards: CardDesk | None = None
    """The signer; None where nobody is given a card."""

    async def visit(self, request: AnyRequest) -> Visit:
        """Read who is signed in; SessionRefusedError when nobody is, TicketRefusedError until her browser signs."""
        handle, caller = await self.sign_in.reader(request, self.sessions.read)
        frame = kept_around(request, Frame(
            language=language_of(request),
            path=request.url.path,
            again=can_be_asked_again(request),
            links=LINKS,
            sign_out=SIGN_OUT,
            csrf=form_token(handle),
            renews=RENEWS,
        ))  # fmt: skip
        return Visit(caller, digest(handle), frame)

    def page(self, visit: Visit, template: str, values: Mapping[str, object], *, status: int = 200) -> Response[str]:
        """Render a page for this visit."""
        return self.pages.page(template, visit.frame, {**values, "operator": self.operator}, status=status)


def persons_sign_in(pages: Pages, door: SignInDoor, sessions: PersonSessions, *, secure: bool) -> SiteSignIn:
    """The space's sign-in, in its own look."""
    return SiteSignIn(
        name="persons",
        pages=pages,
        door=BoundDoor(door, sessions),
        secure=secure,
        entered=Act.PERSON_SESSION_OPEN,
        left=Act.PERSON_SESSION_END,
        given_back=frozenset({"address"}),
    )
