"""Care billed in her name, and her answer "it was not me" to an invoice."""

from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.persons.billed.model import Billed
from tierce.persons.billed.rules import sentence
from tierce.persons.billed.service import CareBilled
from tierce.persons.billed.store import LISTED_MAX
from tierce.persons.requests.model import REPORT_WORDS
from tierce.policy.acts import Act
from tierce.web.persons.site import PersonsSite
from tierce.web.visit import AnyRequest


def billed_handlers(site: PersonsSite, billed: CareBilled) -> list[HTTPRouteHandler]:
    """Make the routes."""

    @get("/billed", opt={"act": Act.PERSON_BILLED})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(lambda connection: billed.listed(connection, visit.caller, visit.handle))
        values = {
            "billed": [(one, sentence(one)) for one in found],
            "replies": REPORT_WORDS,
            "cut": len(found) == LISTED_MAX,
        }
        return site.page(visit, "billed.html", values)

    @get("/billed/{which:uuid}/not-me", opt={"act": Act.PERSON_BILLED})
    async def ask(request: AnyRequest, which: FromPath[UUID]) -> Response[str]:
        visit = await site.visit(request)
        one = await site.rows.read(lambda connection: billed.one(connection, visit.caller, visit.handle, which))
        return site.page(visit, "billed_not_me.html", {"one": one, "sentence": sentence(one), "first": True})

    @post("/billed/{which:uuid}/not-me", status_code=200, opt={"act": Act.PERSON_REPORT})
    async def report(request: AnyRequest, which: FromPath[UUID]) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)

        def keep(connection: Connection) -> tuple[Billed, bool]:
            first = billed.report(connection, visit.caller, visit.handle, which)
            return billed.one(connection, visit.caller, visit.handle, which), first

        one, first = await site.rows.read(keep)
        return site.page(visit, "billed_not_me.html", {"one": one, "sentence": sentence(one), "first": first})

    return [listed, ask, report]
