"""What the pages that write about an incident share: their POST routes, and times as a browser gives them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents.errors import FormError
from tierce.kernel.clock import PARIS
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

MINUTE = "%Y-%m-%dT%H:%M"
_YEARS = range(2000, 3000)

Typed = Mapping[str, str]
Work = Callable[[Connection, Visit, IncidentId, Typed], object]
Refusal = TypeVar("Refusal", bound=TierceError)


def writer(
    site: OfficeSite,
    page: str,
    refusals: tuple[type[Refusal], ...],
    again: Callable[[Visit, IncidentId, Typed, Refusal], Awaitable[Response[str]]],
) -> Callable[[str, Act, Work], HTTPRouteHandler]:
    """Return what makes the routes `POST /incidents/{number}<page>/<path>`, one for each form of a page.

    A route does its work in one transaction and leads back to the page. When the work raises one of `refusals`,
    `again` shows the page with what was typed and what is wrong with it.
    """

    def writes(path: str, act: Act, work: Work) -> HTTPRouteHandler:
        where = f"{page}/{path}"

        @post(f"/incidents/{{number:int}}{where}", status_code=200, opt={"act": act}, name=f"incident{where}")
        async def write(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
            visit = await site.visit(request)
            typed = await site.sign_in.check_form(request)
            incident = IncidentId(number)
            try:
                await site.rows.read(lambda connection: work(connection, visit, incident, typed))
            except refusals as problem:
                return await again(visit, incident, typed, problem)
            return Redirect(f"/incidents/{number}{page}", status_code=303)

        return write

    return writes


def renamed(controls: Mapping[str, str], work: Work) -> Work:
    """Return the same work, which refuses a field by the name of its control: one page may hold several forms."""

    def do(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        try:
            return work(connection, visit, number, typed)
        except FormError as problem:
            raise FormError(controls.get(problem.field, problem.field), problem.reason) from None

    return do


def minute(field: str, text: str) -> datetime:
    """Read a Paris minute as the browser's control gives it.

    Raises:
        FormError: it is not one.
    """
    try:
        found = datetime.strptime(text, MINUTE).replace(tzinfo=PARIS)
        if found.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise FormError(field, Phrase("Donnez un jour et une heure.", "Give a day and a time.")) from None
    return found


def minute_end(field: str, text: str) -> datetime:
    """The end of a Paris minute: a window holds its last minute, and of one that comes twice in October, the second.

    Raises:
        FormError: it is not a minute.
    """
    return minute(field, text).replace(fold=1).astimezone(UTC) + timedelta(minutes=1)


def seen_at(text: str) -> datetime:
    """When what she read was written, as the page's form gives it back.

    Raises:
        FormError: it is not that.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise FormError("seen", Phrase("Rouvrez la page.", "Open the page again."))
    return found
