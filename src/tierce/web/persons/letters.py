"""The letters and messages that she was sent, in their very words."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from tierce.persons.letters.service import Letters
from tierce.policy.acts import Act
from tierce.web.persons.site import PersonsSite
from tierce.web.visit import AnyRequest


def letter_handlers(site: PersonsSite, letters: Letters) -> list[HTTPRouteHandler]:
    """Make the route."""

    @get("/letters", opt={"act": Act.PERSON_HISTORY})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(lambda connection: letters.listed(connection, visit.caller, visit.handle))
        return site.page(visit, "letters.html", {"letters": found})

    return [listed]
